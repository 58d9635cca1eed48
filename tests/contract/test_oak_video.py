"""Video of a simulated OAK camera over WebSockets: through driver, worker, broker and gateway."""

import io
import itertools
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import av
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from kit.oak_rig import PRO, STREAMS, OakRig, oak_rig
from kit.processes import wait_for


@pytest.fixture(scope="module")
def rig() -> Iterator[OakRig]:
    with oak_rig(gateways=2, viewers=60) as running:
        yield running


@pytest.fixture(autouse=True)
def _all_sensors(rig: OakRig) -> None:
    rig.switch("CAM_A", "CAM_B", "CAM_C")


def boxes(data: bytes) -> list[str]:
    """The names of the boxes, and nothing behind the last."""
    names, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        names.append(data[at + 4 : at + 8].decode("ascii"))
        at += size
    assert at == len(data)
    return names


def take(viewer: ClientConnection, count: int) -> list[bytes]:
    """The next binary messages."""
    taken = [viewer.recv(timeout=10) for _ in range(count)]
    assert all(isinstance(message, bytes) for message in taken)
    return [message for message in taken if isinstance(message, bytes)]


def play(messages: list[bytes]) -> list[Any]:
    """Decode as a player does; every packet must be a picture that needs no other."""
    with av.open(io.BytesIO(b"".join(messages)), format="mp4") as film:
        (track,) = film.streams
        packets = [packet for packet in film.demux(track) if packet.size]
        assert len(packets) == len(messages) - 1
        assert all(packet.is_keyframe for packet in packets)
        pictures = [frame for packet in packets for frame in packet.decode()]
        return [*pictures, *track.codec_context.decode(None)]


def blocks(picture: Any) -> Any:
    """The mean colour of every block of 16 pixels."""
    height, width = picture.shape[:2]
    return picture.reshape(height // 16, 16, width // 16, 16, 3).mean(axis=(1, 3))


@pytest.mark.parametrize(("stream", "size"), [("CAM_A", (1920, 1080)), ("CAM_B", (640, 400))])
def test_the_beginning_comes_alone_then_a_picture_a_message(
    rig: OakRig, stream: str, size: tuple[int, int]
) -> None:
    with rig.video(stream) as viewer:
        messages = take(viewer, 12)
    assert boxes(messages[0]) == ["ftyp", "moov"]
    assert all(boxes(message) == ["moof", "mdat"] for message in messages[1:])
    profile = messages[0].index(b"avcC") + 5
    assert messages[0][profile : profile + 2] == b"\x42\xc0"
    pictures = play(messages)
    assert len(pictures) == 11
    assert {(picture.width, picture.height) for picture in pictures} == {size}
    shades = [picture.to_ndarray(format="gray").astype(int) for picture in pictures]
    assert all(np.abs(one - two).max() > 30 for one, two in itertools.pairwise(shades)), "it moves"


def test_time_begins_with_the_first_picture_and_follows_the_rate(rig: OakRig) -> None:
    with rig.video("CAM_B") as viewer:
        messages = take(viewer, 20)
    times = [float(picture.pts * picture.time_base) for picture in play(messages)]
    steps = np.diff(times)
    assert times[0] == 0
    assert abs(np.median(steps) - 1 / 30) < 0.01
    assert steps.min() > 0


def test_video_and_a_still_show_the_same(rig: OakRig) -> None:
    with rig.video("CAM_A") as viewer:
        picture = play(take(viewer, 2))[0].to_ndarray(format="bgr24")
    still = rig.ask("GET", f"{STREAMS}/CAM_A/still?format=png").content
    with av.open(io.BytesIO(still)) as image:
        expected = next(image.decode(video=0)).to_ndarray(format="bgr24")
    # Discs have moved meanwhile, the wall has not; its grain is what the bits do not suffice for.
    shown, wanted = (blocks(each[:64]) for each in (picture, expected))
    assert np.abs(shown - wanted).mean() < 4


def test_depth_is_shown_as_well(rig: OakRig) -> None:
    rig.switch("CAM_A", "DEPTH_B_C")
    with rig.video("DEPTH_B_C") as viewer:
        picture = play(take(viewer, 3))[-1].to_ndarray(format="gray")
    assert picture.shape == (400, 640)
    assert picture.max() > 100


def test_many_viewers_at_two_gateways_cost_one_encoding(rig: OakRig) -> None:
    shown: list[dict[int, bytes]] = []
    with ExitStack() as stack:
        viewers = [
            stack.enter_context(rig.video("CAM_B", "?age=1", gateway=each % 2))
            for each in range(20)
        ]
        for viewer in viewers:
            seen: dict[int, bytes] = {}
            while len(seen) < 15:
                text = viewer.recv(timeout=10)
                assert isinstance(text, str)
                message = viewer.recv(timeout=10)
                while boxes(message)[0] == "ftyp":  # type: ignore[arg-type]  # bytes here
                    message = viewer.recv(timeout=10)
                assert isinstance(message, bytes)
                seen[json.loads(text)["seq"]] = message[message.index(b"mdat") :]
            shown.append(seen)
    # The worker counts what it encodes. Twice for anybody would be other bytes, or other numbers.
    at_one, at_other = ({number for seen in shown[each::2] for number in seen} for each in (0, 1))
    assert at_one & at_other
    for number in at_one | at_other:
        assert len({seen[number] for seen in shown if number in seen}) == 1


def number_of(viewer: ClientConnection) -> int:
    """Return the number of the next picture."""
    while not isinstance(message := viewer.recv(timeout=10), str):
        pass
    return int(json.loads(message)["seq"])


def test_a_slow_viewer_misses_pictures_and_delays_nobody(rig: OakRig) -> None:
    slow_line = socket.socket()
    slow_line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow_line.connect(rig.gateways[0].address)
    with rig.video("CAM_A", "?age=1", sock=slow_line, max_queue=1) as slow:
        slow.recv(timeout=10)
        with rig.video("CAM_A", "?age=1") as quick:
            numbers = [number_of(quick) for _ in range(60)]
        # What the line still held is old; then comes what is newest now.
        taken = [number_of(slow)]
        while taken[-1] <= numbers[-1]:
            taken.append(number_of(slow))
    assert taken == sorted(set(taken))
    assert len(taken) < len(numbers) / 2


def test_the_age_is_told_to_who_asks(rig: OakRig) -> None:
    with rig.video("CAM_B", "?age=1") as viewer:
        told = viewer.recv(timeout=10)
        assert isinstance(told, str)
        assert set(json.loads(told)) == {"seq", "time_us", "age_ms"}
        assert 0 <= json.loads(told)["age_ms"] < 5000
        assert [boxes(message)[0] for message in take(viewer, 2)] == ["ftyp", "moof"]


@pytest.mark.parametrize(
    ("camera", "stream", "status"),
    [
        (PRO, "CAM_D", 404),
        (PRO, "DEPTH_A_B", 404),
        (PRO, "XCAM_AX", 404),
        ("NOBODY", "CAM_A", 404),
        (PRO, "DEPTH_B_C", 409),
        (PRO, "cam_a", 403),
        ("nobody", "CAM_A", 403),
    ],
)
def test_a_stream_that_cannot_be_shown_is_refused(
    rig: OakRig, camera: str, stream: str, status: int
) -> None:
    path = f"/cameras/{camera}/streams/{stream}/video"
    with pytest.raises(InvalidStatus) as refused, rig.socket(path):
        pass
    assert refused.value.response.status_code == status


def test_both_spellings_are_served(rig: OakRig) -> None:
    with rig.video("CAM_B", "/") as viewer:
        assert boxes(take(viewer, 1)[0]) == ["ftyp", "moov"]


def test_what_viewers_say_is_ignored(rig: OakRig) -> None:
    with rig.video("CAM_B") as viewer:
        for _ in range(5):
            viewer.send("hello")
            viewer.send(b"\0" * 1000)
        assert len(play(take(viewer, 5))) == 4


def test_a_new_size_begins_anew(rig: OakRig) -> None:
    before = rig.ask("GET", f"{STREAMS}/CAM_B/config").json()
    with rig.video("CAM_B") as viewer:
        first = take(viewer, 3)
        changed = rig.ask(
            "POST", f"{STREAMS}/CAM_B/config", json={"resolution": "THE_720_P", "fps": 20.0}
        )
        assert changed.status_code == 200
        try:
            while boxes(beginning := take(viewer, 1)[0]) != ["ftyp", "moov"]:
                pass
            pictures = play([beginning, *take(viewer, 5)])
        finally:
            rig.ask("POST", f"{STREAMS}/CAM_B/config", json=before)
    assert {(each.width, each.height) for each in play(first)} == {(640, 400)}
    assert {(each.width, each.height) for each in pictures} == {(1280, 720)}


def test_the_end_of_a_stream_is_said(rig: OakRig) -> None:
    with rig.video("CAM_C") as viewer:
        take(viewer, 2)
        rig.ask("DELETE", f"{STREAMS}/CAM_C/")
        with pytest.raises(ConnectionClosed) as closed:
            take(viewer, 1000)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


def test_one_viewer_too_many_is_refused(rig: OakRig) -> None:
    wait_for(lambda: len(rig.gateways[0].app.state.viewers) == 0)
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(rig.video("CAM_B"))
        with pytest.raises(InvalidStatus) as refused, rig.video("CAM_B"):
            pass
    assert refused.value.response.status_code == 503
    wait_for(lambda: len(rig.gateways[0].app.state.viewers) == 0)
    with rig.video("CAM_B") as viewer:
        take(viewer, 1)


def test_a_camera_that_is_lost_is_worth_another_try() -> None:
    with oak_rig() as rig, rig.video("CAM_B") as viewer:
        take(viewer, 2)
        rig.worker.stop()
        with pytest.raises(ConnectionClosed) as closed:
            take(viewer, 1000)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013


def test_a_gateway_that_ends_says_so_and_ends() -> None:
    with oak_rig() as rig, rig.video("CAM_B") as viewer:
        take(viewer, 2)
        rig.gateways[0].stop()
        with pytest.raises(ConnectionClosed) as closed:
            take(viewer, 1000)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
