"""The command line as a user types it, run in this process."""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from kit.processes import environ
from kit.system import System
from lensbus_deploy.cli import main


@dataclass(frozen=True)
class Done:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Return every line of the output, which must be JSON each."""
        return [json.loads(line) for line in self.out.splitlines()]


def lensbus(system: System | None, *arguments: str, expect: int = 0, **variables: str) -> Done:
    """Run one command against a system; it must end with this code."""
    named = {} if system is None else names(system)
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["lensbus", *arguments]),
        patch.dict(os.environ, environ({**named, **variables}), clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = main()
    done = Done(code, out.getvalue(), err.getvalue())
    assert code == expect, (arguments, done)
    return done


def names(system: System) -> dict[str, str]:
    """Return the variables that name a system to the command line."""
    return {"LENSBUS_URL": system.url, "LENSBUS_SYSTEM_STATE": str(system.state)}
