"""Every example in the help of `lensbus` is run as it stands there."""

import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.cli import lensbus, names
from kit.processes import environ, wait_for
from kit.system import ALPHA, OAK, OAK_ONE, System, running_system, wait_for_cameras
from lensbus_deploy.cli import make
from lensbus_proto.runtime.tokens import token_file

FOLLOWS = ("events", "tap")
ENDS = ("--count", "--seconds", "--quiet-s")


def examples() -> dict[str, list[list[str]]]:
    """Return the examples of each command, as words."""
    return {
        command.name or name_of(command.callback): [
            shlex.split(line)[1:]
            for line in (command.epilog or "").splitlines()
            if line.startswith("lensbus ")
        ]
        for command in make().registered_commands
    }


def groups() -> dict[str, list[list[str]]]:
    """Return the examples of the commands in groups, as `token create`, as words."""
    return {
        f"{group.name} {command.name}": [
            shlex.split(line)[1:]
            for line in (command.epilog or "").splitlines()
            if line.startswith("lensbus ")
        ]
        for group in make().registered_groups
        for command in (group.typer_instance.registered_commands if group.typer_instance else ())
    }


def name_of(function: Callable[..., Any] | None) -> str:
    assert function is not None
    return function.__name__


@pytest.fixture(scope="module")
def rack() -> Iterator[System]:
    with running_system(sony_simulator_time_scale="0.1") as started:
        wait_for_cameras(started)
        yield started


def test_every_command_has_help_with_an_example() -> None:
    for command, lines in examples().items():
        assert lines, command
        shown = lensbus(None, command, "--help").out
        assert f"Usage: lensbus {command}" in shown
        assert "Examples:" in shown


def test_the_examples_of_commands_in_groups_work(tmp_path: Path) -> None:
    assert sorted(groups()) == ["token create", "token list", "token revoke"]
    for command, lines in groups().items():
        assert lines, command
        for words in lines:
            assert " ".join(words[:2]) == command
            known = list(token_file(tmp_path).read())
            named = [known[0] if word == "0123456789" else word for word in words]
            lensbus(None, *named, LENSBUS_SYSTEM_STATE=str(tmp_path))


# `up` is what `rack` itself stands in for.
@pytest.mark.parametrize("command", sorted(examples().keys() - {"up"}))
def test_the_examples_of_a_command_work(
    rack: System, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for camera in (ALPHA, OAK, OAK_ONE):
        lensbus(rack, "connect", camera)
    for words in examples()[command]:
        assert words[0] == command
        if command in FOLLOWS and not any(end in words for end in ENDS):
            follow(rack, words)
        else:
            lensbus(rack, *words)


def follow(rack: System, words: list[str]) -> None:
    """Run an example that does not end by itself until it listens, then end it."""
    child = subprocess.Popen(
        [sys.executable, "-m", "lensbus_deploy.cli", *words],
        env=environ(names(rack)),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    with child.stderr:
        wait_for(rack.open_streams)
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 0, child.stderr.read()
