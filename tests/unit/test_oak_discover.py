from pathlib import Path

import pytest

from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.oak.discover import Found, find_cameras, simulated_cameras


def test_the_simulated_cameras_are_those_of_the_settings(tmp_path: Path) -> None:
    assert find_cameras(OakSettings(), tmp_path) == [
        Found("14442C10D13EABCE00", "OAK-D-PRO"),
        Found("14442C1051B665D700", "OAK-1"),
    ]


@pytest.mark.parametrize(
    "entry",
    ["", "OAK-D", "OAK-D:", "OAK-9:14442C10D13EABCE00", "OAK-D:14442c10d13eabce00", "OAK-D:12"],
)
def test_an_entry_that_names_no_camera_is_shown_with_what_was_expected(entry: str) -> None:
    with pytest.raises(SettingsError, match=r"oak\.simulator\.cameras"):
        simulated_cameras([entry])
