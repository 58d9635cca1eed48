"""In CI nothing is skipped in silence: there a skipped test has failed."""

import os
import signal
from collections.abc import Generator
from typing import TypeVar

import hypothesis
import pytest

# Who runs the tests in the background of a shell has SIGINT ignored, and every child would too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("lensbus", deadline=None)
hypothesis.settings.load_profile("lensbus")


def _end(*_: object) -> None:
    pytest.exit("terminated")


# A run that is told to end still ends what its tests have started: systems, browsers.
signal.signal(signal.SIGTERM, _end)

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def _no_skip(report: Report) -> Report:
    if report.skipped and os.environ.get("LENSBUS_CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but CI has to run it: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _no_skip((yield))
