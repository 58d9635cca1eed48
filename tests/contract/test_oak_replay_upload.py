"""Films on their way through a real gateway and bus to the worker of a simulated camera."""

import http.client
import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kit.films import film
from kit.oak_rig import PRO, STREAMS, OakRig, oak_rig
from kit.processes import wait_for

LIMIT = 3_000_000
REPLAY = f"{STREAMS}/CAM_B/replay"


@pytest.fixture(scope="module")
def rig() -> Iterator[OakRig]:
    with oak_rig(upload_limit_bytes=LIMIT) as running:
        yield running


@pytest.fixture(autouse=True)
def plain(rig: OakRig) -> Iterator[None]:
    yield
    assert rig.ask("DELETE", REPLAY).status_code == 202
    assert left(rig) == []


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A film of several pieces: what a player does not know is behind it."""
    path = film(tmp_path_factory.mktemp("films") / "belt.mp4", (90,) * 200)
    padding = LIMIT - path.stat().st_size
    return path.read_bytes() + padding.to_bytes(4, "big") + b"free" + bytes(padding - 8)


def left(rig: OakRig) -> list[str]:
    uploads = rig.settings.state / "uploads"
    return [path.name for path in uploads.rglob("*") if path.is_file()]


def is_plain(rig: OakRig) -> bool:
    image = Image.open(io.BytesIO(rig.ask("GET", f"{STREAMS}/CAM_B/still?format=bmp").content))
    return float(np.asarray(image).std()) < 2


def connected(rig: OakRig) -> "closing[http.client.HTTPConnection]":
    host, port = rig.gateways[0].address
    return closing(http.client.HTTPConnection(host, port, timeout=10))


def test_a_film_of_the_limit_is_shown(rig: OakRig, large: bytes) -> None:
    assert not is_plain(rig)
    for request in ({"files": {"video": ("belt.mp4", large)}}, {"content": large}):
        answer = rig.ask("POST", f"{REPLAY}?filename=belt.mp4", **request)
        assert (answer.status_code, answer.json()) == (201, None)
        assert rig.ask("GET", REPLAY).json() == {"replay": True, "filename": "belt.mp4"}
        assert is_plain(rig)
        listed = {each["name"]: each["replay"] for each in rig.ask("GET", STREAMS).json()}
        assert listed["CAM_B"]
        assert rig.ask("DELETE", REPLAY).status_code == 202
        assert not is_plain(rig)


def test_a_film_that_is_too_large_is_refused(rig: OakRig, large: bytes) -> None:
    answer = rig.ask("POST", REPLAY, content=large + b"x")
    assert answer.status_code == 413
    assert answer.json() == {"detail": f"The file has more than {LIMIT} bytes"}
    wait_for(lambda: not left(rig))
    with connected(rig) as line:
        line.putrequest("POST", REPLAY)
        line.putheader("Content-Length", str(LIMIT + 100_000))
        line.endheaders()
        assert line.getresponse().status == 413


def test_who_leaves_in_the_middle_leaves_nothing(rig: OakRig, large: bytes) -> None:
    with connected(rig) as line:
        line.putrequest("POST", REPLAY)
        line.putheader("Content-Length", str(len(large)))
        line.endheaders()
        line.send(large[: LIMIT // 2])
        wait_for(lambda: left(rig))
    wait_for(lambda: not left(rig))
    assert rig.ask("GET", REPLAY).json() == {"replay": False, "filename": None}


def test_a_film_without_a_length_is_taken_too(rig: OakRig, large: bytes) -> None:
    with connected(rig) as line:
        line.request("POST", REPLAY, body=iter([large]), encode_chunked=True)
        answer = line.getresponse()
        assert (answer.status, json.loads(answer.read())) == (201, None)


def test_a_camera_that_is_shut_down_is_said_before_the_film_is_sent(
    rig: OakRig, large: bytes
) -> None:
    assert rig.ask("DELETE", f"/cameras/{PRO}/").status_code == 200
    try:
        assert rig.ask("POST", REPLAY, content=large).status_code == 409
        assert left(rig) == []
    finally:
        assert rig.ask("POST", f"/cameras/{PRO}/").status_code == 200


def test_what_is_no_film_is_refused_in_its_field(rig: OakRig, tmp_path: Path) -> None:
    for content in (b"#EXTM3U\n#EXTINF:1\nfile:///etc/hostname\n", b"\0\0\0\x18ftypisom" * 99):
        answer = rig.ask("POST", REPLAY, files={"video": ("x.mp4", content)})
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["body", "video"]
        assert "/" not in answer.json()["detail"][0]["msg"], "no path of the rack"
