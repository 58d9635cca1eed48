"""What our supervisord does when a process ends, on a process that never was."""

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

from supervisor import process
from supervisor.states import ProcessStates

from lensbus_deploy.supervisord import NotedProcess, making
from lensbus_services.ends import Ends, read_past


def config(name: str = "worker-sony-D1") -> Any:
    made = MagicMock(startsecs=0, exitcodes=[0])
    made.name = name
    return made


def running(ends: Ends, state: int = ProcessStates.RUNNING) -> Any:
    made = NotedProcess(config(), "D1", ends)
    made.pid, made.state, made.dispatchers = 7, state, {}
    made.killing = state == ProcessStates.STOPPING
    return made


def test_only_workers_are_noted(tmp_path: Path) -> None:
    make = making(Ends(tmp_path))
    group = SimpleNamespace()
    worker, broker = make(config(), group), make(config("broker"), group)
    assert type(worker) is NotedProcess
    assert type(broker) is process.Subprocess
    assert worker.group is broker.group is group


def test_a_crash_is_noted_before_the_next_process_can_be_started(tmp_path: Path) -> None:
    worker = running(Ends(tmp_path))
    worker.change_state = lambda *_, **__: states.append(read_past(tmp_path, "D1"))
    states: list[Any] = []
    worker.finish(7, int(signal.SIGSEGV))
    (past,) = states
    assert past.ended.signal == "SIGSEGV"
    assert (past.crashes[0].signal, past.crashes[0].count) == ("SIGSEGV", 1)


def test_a_worker_that_does_not_end_in_time_and_is_killed_has_not_crashed(tmp_path: Path) -> None:
    worker = running(Ends(tmp_path), ProcessStates.STOPPING)
    worker.finish(7, int(signal.SIGKILL))
    past = read_past(tmp_path, "D1")
    assert past is not None
    assert (past.ended.signal, past.crashes) == ("SIGKILL", ())
    assert worker.state == ProcessStates.STOPPED


def test_a_disk_that_refuses_keeps_supervisord_from_nothing(
    tmp_path: Path,
) -> None:
    ends = Ends(tmp_path)
    worker = running(ends)
    (tmp_path / "ends").write_text("a file in the way")
    worker.finish(7, int(signal.SIGSEGV))
    assert worker.state == ProcessStates.EXITED
    assert "not noted" in str(worker.config.options.logger.warn.call_args_list)
