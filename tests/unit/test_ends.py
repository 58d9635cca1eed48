import os
import signal
import sys
from pathlib import Path

import pytest

from lensbus_proto.messages import Crashes, Ended, Past
from lensbus_services.ends import Ends, counted, ended_by, is_crash, read_past

SEGV = Ended(7, 100, "SIGSEGV")


def status_of(program: str) -> tuple[int, int]:
    """Return the pid of a process that has run this program, and what `wait` said of it."""
    pid = os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", program], os.environ)
    return os.waitpid(pid, 0)


def test_a_process_that_died_by_a_signal_is_told_by_its_name() -> None:
    pid, status = status_of("import os; os.kill(os.getpid(), 11)")
    assert ended_by(pid, status, 5) == Ended(pid, 5, "SIGSEGV")


def test_a_process_that_ended_by_itself_is_told_by_its_code() -> None:
    pid, status = status_of("raise SystemExit(4)")
    assert ended_by(pid, status, 5) == Ended(pid, 5, code=4)


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    number = signal.SIGRTMIN + 3
    pid, status = status_of(f"import os; os.kill(os.getpid(), {number})")
    assert ended_by(pid, status, 5) == Ended(pid, 5, f"SIG{int(number)}")


@pytest.mark.parametrize(
    ("ended", "asked", "crashed"),
    [
        (SEGV, False, True),
        (SEGV, True, True),  # it crashed while it let go of its camera
        (Ended(7, 1, "SIGKILL"), False, True),  # memory ran out, or somebody's kill -9
        (Ended(7, 1, "SIGKILL"), True, False),  # it did not end in time
        (Ended(7, 1, "SIGTERM"), False, False),  # it was asked before it could hear
        (Ended(7, 1, code=0), False, False),
        (Ended(7, 1, code=4), False, False),  # stuck, as it says itself
    ],
)
def test_what_ended_in_order_is_no_crash(ended: Ended, asked: bool, crashed: bool) -> None:
    assert is_crash(ended, asked=asked) == crashed


def test_crashes_are_counted_by_signal_with_the_time_of_the_last() -> None:
    crashes = counted((Crashes("SIGSEGV", 2, 50), Crashes("SIGKILL", 1, 60)), SEGV)
    assert crashes == (Crashes("SIGSEGV", 3, 100), Crashes("SIGKILL", 1, 60))
    assert counted((), SEGV) == (Crashes("SIGSEGV", 1, 100),)


def test_the_next_worker_reads_how_the_last_one_ended(tmp_path: Path) -> None:
    ends = Ends(tmp_path)
    ends.note("00:11", SEGV, asked=False)
    assert read_past(tmp_path, "00:11") == Past(SEGV, (Crashes("SIGSEGV", 1, 100),))
    assert read_past(tmp_path, "D2") is None


def test_an_orderly_end_leaves_the_count(tmp_path: Path) -> None:
    ends = Ends(tmp_path)
    ends.note("D1", SEGV, asked=False)
    stopped = Ended(8, 200, code=0)
    ends.note("D1", stopped, asked=True)
    assert read_past(tmp_path, "D1") == Past(stopped, (Crashes("SIGSEGV", 1, 100),))
    ends.note("D1", Ended(9, 300, "SIGSEGV"), asked=False)
    past = read_past(tmp_path, "D1")
    assert past is not None
    assert past.crashes == (Crashes("SIGSEGV", 2, 300),)


def test_a_process_manager_begins_to_count_at_nothing(tmp_path: Path) -> None:
    Ends(tmp_path).note("D1", SEGV, asked=False)
    Ends(tmp_path)
    assert read_past(tmp_path, "D1") is None


def test_an_end_that_cannot_be_noted_is_not_taken_for_an_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = Ends(tmp_path)
    ends.note("D1", SEGV, asked=False)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            ends.note("D1", SEGV, asked=False)
    assert read_past(tmp_path, "D1") is None
    ends.note("D1", SEGV, asked=False)
    past = read_past(tmp_path, "D1")
    assert past is not None
    assert past.crashes[0].count == 3, "counted all the same"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"ended": 1}', b"\xff"])
def test_a_note_that_makes_no_sense_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ends" / "D1.json"
    path.parent.mkdir()
    path.write_bytes(content)
    assert read_past(tmp_path, "D1") is None
