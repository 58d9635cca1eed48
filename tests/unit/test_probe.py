"""Children that hang, die and speak nonsense, and what is known of them afterwards."""

import os
import sys
from pathlib import Path

import pytest

from kit.children import until_begun
from kit.processes import environ, wait_for
from lensbus_services.probe import Report, ask, ending, report

BEGIN = "from lensbus_services.probe import teller; told = teller(); "


def child(program: str, limit_s: float = 10.0) -> Report:
    return ask([sys.executable, "-c", BEGIN + program], environ(), limit_s)


def test_a_child_that_comes_to_its_end_has_no_trouble() -> None:
    told = child("told.stage('load'); told.fact('version', [2, 0]); told.done()")
    assert told == Report({"version": [2, 0]}, "load", "")


def test_what_an_sdk_prints_is_no_fact() -> None:
    told = child('print(\'{"fact": "x", "value": 1}\', flush=True); told.done()')
    assert told == Report({}, "", "")


def test_a_child_that_hangs_is_killed_and_its_stage_is_known(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    program = (
        f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); told.fact('a', 1);"
        " told.stage('enumerate'); time.sleep(600)"
    )
    told = until_begun(lambda limit_s: child(program, limit_s))
    assert (told.facts, told.stage) == ({"a": 1}, "enumerate")
    assert told.trouble.startswith("gave no answer within ")
    wait_for(lambda: not Path(f"/proc/{mark.read_text()}").exists())


def test_a_child_that_closes_its_pipe_and_hangs_is_killed_too() -> None:
    told = child("import os, time; os.closerange(3, 100); time.sleep(600)")
    assert told.trouble == "died of signal 9 (Killed)"


def test_a_child_that_dies_says_of_what() -> None:
    told = child("import os, signal; told.stage('load'); os.kill(os.getpid(), signal.SIGSEGV)")
    assert told == Report({}, "load", "died of signal 11 (Segmentation fault)")


def test_a_child_that_fails_says_its_last_line() -> None:
    told = child("raise RuntimeError('no such thing')")
    assert told.trouble == "ended with code 1: RuntimeError: no such thing"


def test_a_child_that_leaves_without_a_word_is_in_trouble() -> None:
    assert child("told.stage('load')").trouble == "ended with code 0"


def test_a_line_that_was_cut_is_left_out() -> None:
    told = report(b'{"stage": "load"}\n{"fact": "vers', "died of SIGKILL", 5)
    assert told == Report({}, "load", "died of SIGKILL")


def test_the_reason_is_the_childs_own_if_it_has_one() -> None:
    assert Report({"error": "no function Init"}, "load", "died of SIGSEGV").reason == (
        "no function Init"
    )
    assert Report({}, "load", "died of SIGSEGV").reason == "died of SIGSEGV"


@pytest.mark.parametrize(
    ("code", "last_line", "words"),
    [
        (-9, "", "died of signal 9 (Killed)"),
        (3, "", "ended with code 3"),
        (1, "x", "ended with code 1: x"),
    ],
)
def test_an_ending_is_told_in_words(code: int, last_line: str, words: str) -> None:
    assert ending(code, last_line) == words


def test_no_descriptor_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    child("told.done()")
    assert len(os.listdir("/proc/self/fd")) == before
