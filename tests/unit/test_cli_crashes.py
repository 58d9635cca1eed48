"""What the command line says of crashes."""

from dataclasses import replace

import pytest

from lensbus_deploy.commands.status import complaints
from lensbus_deploy.exits import Failure
from lensbus_deploy.remote.crashes import RECENT_S, Crashes, complaint, read_crashes
from lensbus_deploy.remote.registry import Camera, check_ready

NOW_S = 1_795_262_657.0
SEGV = Crashes("SIGSEGV", 2, NOW_S - 60)
KILL = Crashes("SIGKILL", 1, NOW_S - 30)
CAMERA = Camera("CAM1", "sony", "ILCE-7M4", "present", True, False, {})


def test_crashes_are_read_from_the_registry() -> None:
    entry = {"crashes": [{"signal": "SIGSEGV", "count": 2, "time_us": 1_500_000}]}
    assert read_crashes(entry) == (Crashes("SIGSEGV", 2, 1.5),)
    assert read_crashes({}) == ()


def test_a_crash_is_told_with_its_signal_its_time_and_what_to_do() -> None:
    once = complaint((replace(SEGV, count=1),), "CAM1", NOW_S)
    assert once is not None
    assert once.startswith("CAM1's process crashed once at ")
    assert once.endswith(" (SIGSEGV): look at its stacks with `lensbus logs --camera CAM1`")


def test_crashes_are_counted_together_and_the_last_one_is_told() -> None:
    both = complaint((SEGV, KILL), "CAM1", NOW_S)
    assert both is not None
    assert "crashed 3 times, the last at " in both
    assert "(SIGKILL): somebody killed it, or memory ran out" in both


def test_what_was_long_ago_is_no_complaint() -> None:
    assert complaint((), "CAM1", NOW_S) is None
    assert complaint((SEGV,), "CAM1", SEGV.last_s + RECENT_S + 1) is None


def test_a_camera_whose_workers_have_failed_is_wrong_and_not_ready() -> None:
    failed = replace(CAMERA, connected=False, details={"failed": 5})
    (sentence,) = complaints([CAMERA, failed], {})
    assert sentence.startswith("CAM1 is failed: its workers died again and again")
    assert "`lensbus restart CAM1`" in sentence
    with pytest.raises(Failure, match="lensbus restart CAM1"):
        check_ready(failed)
