import logging
from pathlib import Path

import pytest

from lensbus_proto.errors import CameraGone
from lensbus_services.oak.deployed import Deployed, Inspected
from lensbus_services.oak.networks import Layer, Model, Wish
from lensbus_services.oak.shelf import name_of

MODEL = Model((300, 200), (Layer("seven", (7, 1)),))
WISH = Wish("Generic")


class Camera:
    """Runs again as often as it is told to, and fails each time that the test has a word for."""

    def __init__(self, *fails: str) -> None:
        self.fails = list(fails)
        self.runs = 0

    def rerun(self) -> None:
        self.runs += 1
        word = self.fails.pop(0) if self.fails else ""
        if word:
            raise CameraGone(word)


def found(folder: Path, content: bytes) -> Inspected:
    file = folder / "uploaded.blob"
    file.write_bytes(content)
    return Inspected(file, name_of(file, ".blob"), MODEL)


@pytest.fixture
def deployed(tmp_path: Path) -> Deployed:
    made = Deployed("CAM1", tmp_path / "networks")
    made.put("CAM_A", WISH, found(tmp_path, b"first"), Camera().rerun)
    return made


def test_a_network_that_is_refused_leaves_the_one_before(
    deployed: Deployed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before, camera = deployed.on("CAM_A"), Camera("too large")
    with pytest.raises(CameraGone, match="too large"):
        deployed.put("CAM_A", WISH, found(tmp_path, b"second"), camera.rerun)
    assert camera.runs == 2, "it has the network from before run again"
    assert deployed.on("CAM_A") == before
    assert before is not None
    assert [path.name for path in (tmp_path / "networks").glob("*.blob")] == [before.path.name]
    assert caplog.records == []


def test_what_does_not_run_as_before_either_is_in_the_log(
    deployed: Deployed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    camera = Camera("too large", "the link is lost")
    with pytest.raises(CameraGone, match="too large"):
        deployed.put("CAM_A", WISH, found(tmp_path, b"second"), camera.rerun)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.exc_info is not None
    said = vars(record)
    assert (said["camera"], said["stream"]) == ("CAM1", "CAM_A")
    assert said["reason"] == "the link is lost"


def test_a_network_that_cannot_be_removed_stays(deployed: Deployed) -> None:
    before = deployed.on("CAM_A")
    with pytest.raises(CameraGone):
        deployed.remove("CAM_A", Camera("the link is lost").rerun)
    assert deployed.on("CAM_A") == before
