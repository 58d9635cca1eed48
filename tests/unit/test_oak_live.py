"""Each frame is encoded once in each form that is watched, and in no other."""

import json
from pathlib import Path

import numpy as np
import pytest

from lensbus_services.oak import live
from lensbus_services.oak.backend import Finding, Thing
from lensbus_services.oak.live import Live
from lensbus_services.oak.networks import Model, Network, Wish
from lensbus_services.oak.video import Encoder

GREY = np.full((48, 64), 90, np.uint8)


def encode(made: Live, fps: float = 30.0, stream: str = "CAM_B") -> list[str]:
    return [frame.info["format"] for frame in made.encode(stream, 5, GREY, fps)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[int, int], float]]:
    """What encoders were made for."""
    seen: list[tuple[tuple[int, int], float]] = []

    class Counted(Encoder):
        def __init__(self, size: tuple[int, int], fps: float, most_bits_per_s: float) -> None:
            seen.append((size, fps))
            super().__init__(size, fps, most_bits_per_s)

    monkeypatch.setattr(live, "Encoder", Counted)
    return seen


def test_a_form_is_made_while_it_is_watched() -> None:
    pictures = Live(80, 8.0)
    assert pictures.watch(frozenset()) == frozenset()
    assert encode(pictures) == []
    assert pictures.watch(frozenset(("h264.CAM_B", "CAM_A"))) == {"CAM_A", "CAM_B"}
    assert encode(pictures) == ["h264"]
    assert encode(pictures, stream="CAM_A") == ["jpeg"]
    pictures.watch(frozenset(("h264.CAM_B", "CAM_B")))
    assert encode(pictures) == ["jpeg", "h264"]


def test_a_frame_keeps_its_time_and_tells_its_size_and_rate() -> None:
    pictures = Live(80, 8.0)
    pictures.watch(frozenset(("h264.CAM_B",)))
    (frame,) = pictures.encode("CAM_B", 5, GREY, 12.5)
    assert (frame.stream, frame.time_us) == ("h264.CAM_B", 5)
    assert frame.info == {"format": "h264", "width": 64, "height": 48, "fps": 12.5}


def test_an_encoder_lives_from_the_first_viewer_to_the_last(
    made: list[tuple[tuple[int, int], float]],
) -> None:
    pictures = Live(80, 8.0)
    for watched in (("h264.CAM_B",), ("h264.CAM_B", "CAM_B"), ("h264.CAM_B", "h264.CAM_A")):
        pictures.watch(frozenset(watched))
        encode(pictures)
    assert len(made) == 1
    pictures.watch(frozenset())
    pictures.watch(frozenset(("h264.CAM_B",)))
    encode(pictures)
    assert len(made) == 2


def test_another_rate_or_size_takes_another_encoder(
    made: list[tuple[tuple[int, int], float]],
) -> None:
    pictures = Live(80, 8.0)
    pictures.watch(frozenset(("h264.CAM_B",)))
    encode(pictures, 30.0)
    encode(pictures, 15.0)
    list(pictures.encode("CAM_B", 5, GREY[:32], 15.0))
    assert made == [((64, 48), 30.0), ((64, 48), 15.0), ((64, 32), 15.0)]


def found(tick_s: float, stream: str = "nn.CAM_A") -> Finding:
    return Finding(stream, 5, tick_s, 1, (Thing(2, 0.75, (0.1, 0.2, 0.3, 0.4), (1.0, 2.0, 3.0)),))


def network(hertz: float | None) -> Network:
    asked = Wish("YOLO", throttle_hz=hertz)
    return Network(asked, Model((300, 200), ()), Path("m.blob"))


def test_a_finding_is_told_as_json() -> None:
    (frame,) = Live(80, 8.0).tell(found(1.25), network(None), with_places=True)
    assert (frame.stream, frame.time_us) == ("nn.CAM_A", 5)
    assert frame.info == {"format": "json", "width": 300, "height": 200}
    assert json.loads(frame.image) == {
        "detections": [
            {
                "label": 2,
                "confidence": 0.75,
                "coords": [0.1, 0.2, 0.3, 0.4],
                "spatial_coords": {"x": 1.0, "y": 2.0, "z": 3.0},
            }
        ],
        "seq": 1,
        "ts_us": 1_250_000,
        "running": True,
    }
    (frame,) = Live(80, 8.0).tell(found(1.25), network(None), with_places=False)
    assert "spatial_coords" not in json.loads(frame.image)["detections"][0]


@pytest.mark.parametrize(("hertz", "told"), [(None, 300), (30.0, 300), (12.0, 120), (0.5, 5)])
def test_a_throttle_holds_its_rate_on_average(hertz: float | None, told: int) -> None:
    pictures = Live(80, 8.0)
    ticks = [100 + number / 30 for number in range(300)]
    frames = [
        frame
        for tick in ticks
        for frame in pictures.tell(found(tick), network(hertz), with_places=False)
    ]
    assert len(frames) == pytest.approx(told, abs=1 + told // 50)
    other = pictures.tell(found(ticks[-1], "nn.CAM_B"), network(hertz), with_places=False)
    assert len(list(other)) == 1, "every stream has its own"
