import pytest

from lensbus_proto.errors import CameraError
from lensbus_proto.messages import Ended, Past
from lensbus_services.failed import FailedDriver
from lensbus_services.lives import Life


def test_a_failure_names_the_signal_of_the_last_death() -> None:
    driver = FailedDriver("sony", Life(1, 5), Past(Ended(7, 100, "SIGSEGV")))
    (failed,) = driver.drain(0.0)
    assert failed.data["ended"] == {"pid": 7, "time_us": 100, "signal": "SIGSEGV"}
    assert "died 5 times in a row" in failed.data["message"]
    assert "(the last time by SIGSEGV)" in failed.data["message"]
    with pytest.raises(CameraError, match="SIGSEGV"):
        driver.execute("connect", {}, 1.0)


def test_without_a_process_manager_a_failure_names_no_signal() -> None:
    (failed,) = FailedDriver("sony", Life(1, 5)).drain(0.0)
    assert set(failed.data) == {"deaths", "message"}
    assert "each time soon after its start:" in failed.data["message"]
