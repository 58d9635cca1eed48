from typing import Any, cast

import pytest

from lensbus_proto.errors import CameraBusy, CameraError, CameraGone, Refused
from lensbus_services.sony import capture
from lensbus_services.sony.link import Link
from lensbus_services.sony.values import RawProperty


class FakeLink:
    """Writes down what it is told; the pauses are written down too."""

    def __init__(self, focus_mode: int | None = 2) -> None:
        self.log: list[Any] = []
        self.focus_mode = focus_mode
        self.fail_at: str | None = None

    def command(self, command: int, param: int) -> None:
        self._note(("up", "down")[param])

    def set_value(self, code: int, type_: int, value: int) -> None:
        assert (code, type_) == (1, 2)
        self._note(("", "unlocked", "locked")[value])

    def properties(self, codes: list[int]) -> list[RawProperty]:
        if self.focus_mode is None:
            raise Refused("no such property", vendor_code=0x8402)
        return [RawProperty(codes[0], 0x2002, 1, value=self.focus_mode)]

    def pause(self, wait_s: float) -> None:
        self._note(wait_s)

    def _note(self, what: Any) -> None:
        self.log.append(what)
        if what == self.fail_at:
            raise CameraBusy("not now")

    @property
    def as_link(self) -> Link:
        return cast(Link, self)


def test_a_press_is_down_and_up() -> None:
    link = FakeLink()
    assert capture.press(link.as_link, link.pause) == "full_press"
    assert link.log == ["down", 0.5, "up"]


def test_a_half_press_locks_and_unlocks() -> None:
    link = FakeLink()
    capture.half_press(link.as_link, link.pause)
    assert link.log == ["locked", 1.0, "unlocked"]


@pytest.mark.parametrize("focus_mode", [2, 3, None])
def test_a_capture_with_autofocus_presses_halfway_first(focus_mode: int | None) -> None:
    link = FakeLink(focus_mode)
    capture.af_shutter(link.as_link, link.pause)
    assert link.log == ["locked", 0.5, "down", 0.1, "up", 1.0, "unlocked"]


def test_manual_focus_refuses_autofocus_and_nothing_happens() -> None:
    link = FakeLink(focus_mode=1)
    with pytest.raises(CameraError, match="Manual Focus") as refused:
        capture.af_shutter(link.as_link, link.pause)
    assert refused.value.detail == {"error": "focus_mode_not_af"}
    assert not refused.value.began
    assert link.log == []


def test_a_sequence_cut_short_lets_go_of_the_button_and_says_that_it_began() -> None:
    link = FakeLink()

    def cut_short(wait_s: float) -> None:
        if wait_s == 0.1:
            raise CameraGone("disconnected")

    with pytest.raises(CameraGone) as gone:
        capture.af_shutter(link.as_link, cut_short)
    assert gone.value.began
    assert link.log == ["locked", "down", "up", "unlocked"]


def test_a_first_call_that_is_refused_did_not_begin() -> None:
    link = FakeLink()
    link.fail_at = "down"
    with pytest.raises(CameraBusy) as busy:
        capture.press(link.as_link, link.pause)
    assert not busy.value.began
    assert link.log == ["down"]


def test_a_later_call_that_is_refused_did() -> None:
    link = FakeLink()
    link.fail_at = "down"
    with pytest.raises(CameraBusy) as busy:
        capture.af_shutter(link.as_link, link.pause)
    assert busy.value.began
    assert link.log == ["locked", 0.5, "down", "unlocked"]
