from collections.abc import Sequence

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.activation import (
    activated,
    changed,
    deactivated,
    is_consistent,
    rivals,
)

OFFERED = ("CAM_A", "CAM_B", "CAM_C", "CAM_D", "DEPTH_B_C", "DEPTH_A_D", "DEPTH_A_B")
CAMS = frozenset({"CAM_A", "CAM_B", "CAM_C"})
ONE_PAIR = ("CAM_A", "CAM_B", "CAM_C", "DEPTH_B_C")


def test_depth_turns_the_streams_of_its_two_sensors_off_and_leaves_the_third() -> None:
    assert activated(CAMS, "DEPTH_B_C", ONE_PAIR) == {"CAM_A", "DEPTH_B_C"}


def test_a_sensor_of_the_pair_turns_depth_off_and_the_other_sensor_stays_off() -> None:
    assert activated(frozenset({"CAM_A", "DEPTH_B_C"}), "CAM_B", ONE_PAIR) == {"CAM_A", "CAM_B"}


def test_depth_that_is_switched_off_does_not_bring_its_sensors_back() -> None:
    assert deactivated(frozenset({"CAM_A", "DEPTH_B_C"}), "DEPTH_B_C") == {"CAM_A"}


@pytest.mark.parametrize("stream", ONE_PAIR)
def test_asking_twice_is_asking_once(stream: str) -> None:
    once = activated(CAMS, stream, ONE_PAIR)
    assert activated(once, stream, ONE_PAIR) == once
    off = deactivated(once, stream)
    assert deactivated(off, stream) == off


def test_only_one_pair_measures_at_a_time() -> None:
    assert rivals("DEPTH_B_C", OFFERED) == {"CAM_B", "CAM_C", "DEPTH_A_D", "DEPTH_A_B"}


def test_streams_that_exclude_each_other_or_do_not_exist_are_not_consistent() -> None:
    assert is_consistent(CAMS, ONE_PAIR)
    assert not is_consistent(frozenset({"CAM_B", "DEPTH_B_C"}), ONE_PAIR)
    assert not is_consistent(frozenset({"CAM_D"}), ONE_PAIR)


@pytest.mark.parametrize(
    ("activate", "deactivate", "after"),
    [
        ([], [], {"CAM_A", "CAM_B", "CAM_C"}),
        (["DEPTH_B_C"], [], {"CAM_A", "DEPTH_B_C"}),
        (["DEPTH_B_C"], ["CAM_A"], {"DEPTH_B_C"}),
        (["CAM_A", "CAM_A"], ["CAM_B", "CAM_C", "CAM_B"], {"CAM_A"}),
        ([], ["DEPTH_B_C"], {"CAM_A", "CAM_B", "CAM_C"}),
    ],
)
def test_a_batch_switches_all_that_it_names(
    activate: Sequence[str], deactivate: Sequence[str], after: set[str]
) -> None:
    assert changed(CAMS, activate, deactivate, ONE_PAIR) == after


@pytest.mark.parametrize(
    ("activate", "deactivate", "why"),
    [
        (["CAM_D"], [], "no stream 'CAM_D'"),
        ([], ["DEPTH_A_B"], "no stream 'DEPTH_A_B'"),
        (["CAM_A"], ["CAM_A"], "CAM_A is to be activated and deactivated"),
        (["CAM_B", "DEPTH_B_C"], [], "CAM_B and DEPTH_B_C cannot be active together"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(
    activate: Sequence[str], deactivate: Sequence[str], why: str
) -> None:
    with pytest.raises(BadArguments, match=why) as caught:
        changed(CAMS, activate, deactivate, ONE_PAIR)
    assert caught.value.detail == {}, "it is no single field that is wrong"


class Switching(RuleBasedStateMachine):
    """Any series of requests, compared with the rule in words."""

    def __init__(self) -> None:
        super().__init__()
        self.active: frozenset[str] = frozenset()
        self.last: str | None = None

    @rule(stream=strategies.sampled_from(OFFERED))
    def switch_on(self, stream: str) -> None:
        before = self.active
        self.active = activated(before, stream, OFFERED)
        self.last = stream
        assert self.active - before <= {stream}, "nothing comes on that was not asked for"

    @rule(stream=strategies.sampled_from(OFFERED))
    def switch_off(self, stream: str) -> None:
        before = self.active
        self.active = deactivated(before, stream)
        self.last = None
        assert self.active == before - {stream}

    @invariant()
    def the_last_request_wins(self) -> None:
        assert self.last is None or self.last in self.active

    @invariant()
    def depth_and_its_sensors_are_never_on_together(self) -> None:
        depths = [stream for stream in self.active if stream.startswith("DEPTH")]
        assert len(depths) <= 1
        for depth in depths:
            _, left, right = depth.split("_")
            assert not {f"CAM_{left}", f"CAM_{right}"} & self.active

    @invariant()
    def what_is_on_is_consistent(self) -> None:
        assert is_consistent(self.active, OFFERED)


TestSwitching = Switching.TestCase
TestSwitching.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
