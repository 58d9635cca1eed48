"""Live view as one endless answer, by a running system: moving pictures, fetched once for all."""

import io
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from PIL import Image

from kit.counts import counts
from kit.gateway import Wire
from kit.processes import wait_for
from kit.system import ALPHA, System
from lensbus_proto.runtime.clock import unix_us

API = f"/api/cameras/{ALPHA}"
STREAM = f"{API}/live-view/stream"


@pytest.fixture
def streaming(system: System) -> Iterator[System]:
    """The Alpha body, with live view on."""
    system.json("POST", f"{API}/connection", {"mode": "remote"})
    system.json("POST", f"{API}/live-view/start")
    yield system
    system.json("DELETE", f"{API}/connection")


@contextmanager
def watching(system: System) -> Iterator[Wire]:
    """Yield a viewer that has read the opening."""
    with Wire(("127.0.0.1", system.port)) as wire:
        wire.request(STREAM)
        assert b"multipart/x-mixed-replace; boundary=lensbus-picture" in wire.head()
        assert wire.chunk() == b"--lensbus-picture\r\n"
        yield wire


def picture(wire: Wire) -> tuple[dict[str, str], bytes]:
    """Return fields and image of the next part."""
    head, _, rest = wire.chunk().partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode("ascii").split("\r\n"))
    size = int(fields["Content-Length"])
    assert rest[size:] == b"\r\n--lensbus-picture\r\n"
    return fields, rest[:size]


def frames(system: System) -> int:
    return counts(system.state, ALPHA)["frames"]


def test_it_moves_and_tells_the_time_of_each_picture(streaming: System) -> None:
    with watching(streaming) as wire:
        shown = [picture(wire) for _ in range(10)]
    times = [float(fields["X-Timestamp"]) for fields, _ in shown]
    assert times == sorted(set(times))
    assert abs(times[-1] - unix_us() / 1e6) < 5
    assert len({image for _, image in shown}) > 5
    with Image.open(io.BytesIO(shown[0][1])) as image:
        assert (image.format, image.size) == ("JPEG", (640, 428))


def test_many_viewers_cost_the_body_no_more_than_one(streaming: System) -> None:
    def fetched(viewers: int) -> float:
        with ExitStack() as stack:
            wires = [stack.enter_context(watching(streaming)) for _ in range(viewers)]
            for wire in wires:
                picture(wire)
            before, begun = frames(streaming), time.monotonic()
            for _ in range(30):
                for wire in wires:
                    picture(wire)
            return (frames(streaming) - before) / (time.monotonic() - begun)

    many = fetched(8)

    print(f"\npictures fetched per second for eight viewers: {many:.1f}")
    assert many < 60, "a body gives 30 a second; eight who poll would be eight times as many"


def test_without_viewers_no_picture_is_fetched(streaming: System) -> None:
    with watching(streaming) as wire:
        picture(wire)
    seen: list[int] = []

    def resting() -> bool:
        seen.append(frames(streaming))
        return len(seen) > 3 and seen[-1] == seen[-4]

    # The subscription outlives its last viewer for a moment, for clients that poll.
    wait_for(resting, every_s=0.25)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", f"{API}/live-view/stop"), ("DELETE", f"{API}/connection")]
)
def test_it_ends_with_what_it_shows(streaming: System, method: str, path: str) -> None:
    with watching(streaming) as wire:
        picture(wire)
        streaming.json(method, path)
        last: Any = None
        while chunk := wire.chunk():
            last = chunk
    assert last == b"\r\n--lensbus-picture--\r\n"
    assert streaming.request("GET", STREAM)[0] == 404


def test_a_viewer_that_does_not_read_delays_nobody(streaming: System) -> None:
    with socket.socket() as deaf, watching(streaming) as wire:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", streaming.port))
        deaf.sendall(f"GET {STREAM} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        late = []
        for _ in range(60):
            fields, _ = picture(wire)
            late.append(unix_us() / 1e6 - float(fields["X-Timestamp"]))
    assert sorted(late)[len(late) // 2] < 5, "the other one never takes anything"
