import threading
import time
from collections.abc import Iterator

import pytest

from lensbus_proto.errors import CameraBusy, CameraTimeout, NotConnected
from lensbus_services.sony.limits import asked_within
from lensbus_services.sony.line import Line


class Hung:
    """A call that comes back only when it is let go."""

    def __init__(self, line: Line, limit_s: float = 0.05) -> None:
        self.entered = threading.Event()
        self.let_go = threading.Event()
        self._line, self._limit_s = line, limit_s

    def _hang(self) -> None:
        self.entered.set()
        self.let_go.wait(10)

    def __enter__(self) -> "Hung":
        limit_s = self._limit_s
        while True:
            with pytest.raises(CameraTimeout) as late:
                self._line.call("Hang", self._hang, limit_s)
            assert late.value.operation == "Hang"
            if late.value.began:
                break
            limit_s *= 2  # a busy machine: the line did not get to it in time
        assert self.entered.is_set()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go.set()


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line("test-line")
    yield line
    line.end()


def test_a_call_is_made_in_the_one_thread_and_its_result_comes_back(line: Line) -> None:
    names = {line.call("name", lambda: threading.current_thread().name) for _ in range(3)}
    assert names == {"test-line"}


def test_an_error_comes_back_to_the_one_who_called(line: Line) -> None:
    def fail() -> None:
        raise CameraBusy("not now")

    with pytest.raises(CameraBusy):
        line.call("Fail", fail)
    assert line.call("Next", lambda: 1) == 1


def test_a_call_that_hangs_is_told_within_the_limit_and_named(line: Line) -> None:
    assert line.stuck() is None
    began = time.monotonic()
    with Hung(line):
        assert time.monotonic() - began < 5
        stuck = line.stuck()
        assert stuck is not None
        assert stuck.call == "Hang"
        assert stuck.for_s > 0.05


def test_who_does_not_get_a_turn_is_told_who_has_it_and_has_not_begun(line: Line) -> None:
    made = threading.Event()
    with Hung(line) as hung:
        with pytest.raises(CameraTimeout, match="still in Hang") as late:
            line.call("Later", made.set, 0.05)
        assert (late.value.operation, late.value.began) == ("Hang", False)
        hung.let_go.set()
        line.call("Last", lambda: None)
    assert not made.is_set()  # nobody waited for it any more


def test_a_line_that_comes_back_is_as_good_as_before(line: Line) -> None:
    with Hung(line):
        pass
    assert line.call("Next", lambda: "here") == "here"
    assert line.stuck() is None


def test_spare_calls_step_back_for_others(line: Line) -> None:
    assert line.spare("Picture", lambda: "one") == "one"
    with Hung(line):
        assert line.spare("Picture", lambda: "two") is None


def test_the_last_call_is_made_even_when_nobody_waits_for_it_any_more(line: Line) -> None:
    released = threading.Event()
    with Hung(line):
        with pytest.raises(CameraTimeout):
            line.last("Release", released.set, 0.05)
        with pytest.raises(NotConnected):
            line.call("More", lambda: None)
    assert released.wait(5)


def test_nobody_waits_longer_than_the_one_who_asked(line: Line) -> None:
    hung = Hung(line, limit_s=10.0)
    began = time.monotonic()
    with asked_within(0.2), hung:
        assert time.monotonic() - began < 5
