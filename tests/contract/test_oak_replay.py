"""Uploaded films in place of what a sensor sees, through the real driver on simulated devices."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.films import film
from kit.oak_camera import PRO, Camera, settled
from lensbus_proto.errors import (
    BadArguments,
    CommandError,
    NotConnected,
    NotFound,
    Unsupported,
)

LONG = (90,) * 100


@contextmanager
def running(state: Path) -> Iterator[Camera]:
    camera = Camera(PRO, state)
    with closing(camera.driver):
        yield camera


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    with running(tmp_path / "state") as made:
        yield made


def upload(camera: Camera, content: bytes, name: str = "f1") -> dict[str, Any]:
    middle = len(content) // 2
    for offset, piece in ((0, content[:middle]), (middle, content[middle:])):
        received = camera.ask("upload", upload=name, offset=offset, data=piece)["received"]
        assert received == offset + len(piece)
    return {"upload": name, "size": len(content)}


def show(camera: Camera, path: Path, stream: str = "CAM_B") -> Any:
    sent = upload(camera, path.read_bytes())
    return camera.ask("replay.set", stream=stream, filename=path.name, **sent)


def is_plain(camera: Camera, stream: str = "CAM_B") -> bool:
    return float(np.asarray(camera.still(stream, "bmp").convert("L")).std()) < 2


def replayed(camera: Camera) -> list[str]:
    return [each["name"] for each in camera.ask("streams.list")["streams"] if each["replay"]]


def left(camera: Camera) -> list[str]:
    folders = (camera.state / "uploads", camera.state / "films")
    return [path.name for folder in folders for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm", "avi"])
def test_a_film_is_shown_until_it_is_taken_away(
    camera: Camera, tmp_path: Path, suffix: str
) -> None:
    nothing = {"replay": False, "filename": None}
    assert camera.ask("replay.get", stream="CAM_B") == nothing
    assert not is_plain(camera)
    shown = {"replay": True, "filename": f"belt.{suffix}"}
    assert show(camera, film(tmp_path / f"belt.{suffix}", LONG)) == shown
    assert camera.ask("replay.get", stream="CAM_B") == shown
    assert replayed(camera) == ["CAM_B"]
    assert is_plain(camera)
    assert not is_plain(camera, "CAM_C"), "the other sensors see what they saw"
    assert left(camera) == [f"belt.{suffix}"]
    assert camera.ask("replay.clear", stream="CAM_B") == nothing
    assert not is_plain(camera)
    assert (replayed(camera), left(camera)) == ([], [])
    changes = [each.data for each in camera.driver.drain(0.0) if each.kind == "replayChanged"]
    assert changes == [{"stream": "CAM_B"} | shown, {"stream": "CAM_B"} | nothing]
    assert camera.ask("replay.clear", stream="CAM_B") == nothing


def test_the_end_is_told_once_and_every_picture_after_it_says_so(
    camera: Camera, tmp_path: Path
) -> None:
    camera.driver.watch(frozenset({"CAM_B"}))
    show(camera, film(tmp_path / "short.mp4"))
    infos: list[Any] = []

    def has_ended() -> bool:
        infos.extend(each.info for each in camera.driver.pictures(0.2))
        return "ended" in infos[-1]

    settled(has_ended)
    assert "ended" not in infos[0]
    assert [each["ended"] for each in infos if "ended" in each] == [True]
    assert camera.seen().count(("replayEnded", "CAM_B", "")) == 1
    assert camera.ask("replay.get", stream="CAM_B")["replay"], "its last picture stays"
    assert is_plain(camera)
    show(camera, film(tmp_path / "long.mp4", LONG))
    camera.driver.pictures(0.5)
    settled(lambda: all("ended" not in each.info for each in camera.driver.pictures(0.2)))
    camera.driver.watch(frozenset())
    assert camera.seen().count(("replayEnded", "CAM_B", "")) == 0


def test_a_film_is_shown_again_after_a_boot_and_by_the_next_worker(tmp_path: Path) -> None:
    state = tmp_path / "state"
    path = film(tmp_path / "belt.mp4", LONG)
    with running(state) as camera:
        show(camera, path)
        camera.ask("stream.deactivate", stream="CAM_B")
        camera.ask("stream.activate", stream="CAM_B")
        assert is_plain(camera)
        camera.ask("shutdown")
        with pytest.raises(NotConnected):
            camera.ask("replay.get", stream="CAM_B")
        camera.ask("boot")
        assert is_plain(camera)
    with running(state) as camera:
        assert (replayed(camera), is_plain(camera)) == (["CAM_B"], True)


def test_a_film_that_is_broken_by_now_does_not_keep_a_worker_from_its_camera(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    with running(state) as camera:
        show(camera, film(tmp_path / "belt.mp4"))
    (state / "films" / PRO / "CAM_B" / "belt.mp4").write_bytes(b"\0" * 100)
    with running(state) as camera:
        assert (replayed(camera), is_plain(camera)) == ([], False)


def test_another_film_takes_the_place_of_the_first(camera: Camera, tmp_path: Path) -> None:
    show(camera, film(tmp_path / "one.mp4", LONG))
    show(camera, film(tmp_path / "two.webm", (200,) * 100))
    assert camera.ask("replay.get", stream="CAM_B")["filename"] == "two.webm"
    assert left(camera) == ["two.webm"]


@pytest.mark.parametrize(
    ("stream", "content", "error"),
    [
        ("CAM_B", b"#EXTM3U\nfile:///etc/hostname", BadArguments),
        ("CAM_B", b"\0\0\0\x18ftypisom" + b"\0" * 1000, BadArguments),
        ("DEPTH_B_C", None, Unsupported),
        ("CAM_D", None, NotFound),
    ],
)
def test_what_cannot_be_shown_changes_nothing(
    camera: Camera, tmp_path: Path, stream: str, content: bytes | None, error: type[CommandError]
) -> None:
    show(camera, film(tmp_path / "belt.mp4", LONG))
    camera.seen()
    good = content or film(tmp_path / "other.mp4").read_bytes()
    with pytest.raises(error) as caught:
        camera.ask("replay.set", stream=stream, **upload(camera, good))
    assert content is None or caught.value.detail == {"field": "video"}
    assert (replayed(camera), is_plain(camera)) == (["CAM_B"], True)
    assert left(camera) == ["belt.mp4"]
    assert {kind for kind, *_ in camera.seen()} == {"stillCaptured"}


def test_a_file_that_is_not_whole_is_not_shown(camera: Camera, tmp_path: Path) -> None:
    sent = upload(camera, film(tmp_path / "belt.mp4").read_bytes())
    with pytest.raises(BadArguments, match="size is"):
        camera.ask("replay.set", stream="CAM_B", upload="f1", size=sent["size"] + 1)
    assert (replayed(camera), left(camera)) == ([], [])
