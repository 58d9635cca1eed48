"""What a doctor finds: one value for each check, the same for both vendors.

A doctor looks at an installation without changing it and says for each thing that has to be right
whether it is, and what to do if not. Checks are plain functions over a root folder; what may hang
or crash is asked in a child process (`probe`).
"""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"  # it works, but not as well as it could, or nobody can tell
    PROBLEM = "problem"  # no picture before this is put right
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check: what was seen, and what to do about it."""

    check: str
    verdict: Verdict
    text: str
    advice: str = ""


def ok(check: str, text: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(check, Verdict.OK, text)


def warning(check: str, text: str, advice: str) -> Finding:
    """Return a finding that could be better."""
    return Finding(check, Verdict.WARNING, text, advice)


def problem(check: str, text: str, advice: str) -> Finding:
    """Return a finding that keeps cameras from working."""
    return Finding(check, Verdict.PROBLEM, text, advice)


def not_applicable(check: str, text: str) -> Finding:
    """Return a finding about something that does not matter here."""
    return Finding(check, Verdict.NOT_APPLICABLE, text)


def simulated(checks: Mapping[str, str]) -> list[Finding]:
    """Return what does not apply to simulators, from what each check would look at."""
    return [not_applicable(name, f"simulators need no {thing}") for name, thing in checks.items()]


def count(findings: Iterable[Finding], verdict: Verdict) -> int:
    """Return how many findings came out so."""
    return sum(finding.verdict is verdict for finding in findings)


MACHINES: Final = frozenset(("x86_64", "aarch64", "armv7l"))


def platform_finding(
    system: str = "", machine: str = "", release: str = "", machines: Iterable[str] = MACHINES
) -> Finding:
    """Tell whether the vendor has an SDK for this kernel and machine."""
    system, machine = system or platform.system(), machine or platform.machine()
    release = release or platform.release()
    seen = f"{system} {release} on {machine}"
    if system != "Linux":
        return problem(
            "platform", f"{seen}: lensbus holds cameras on Linux only", "use a Linux machine"
        )
    if machine not in machines:
        return warning(
            "platform",
            f"{seen}: no SDK for this machine is known here",
            f"use one of {', '.join(sorted(machines))}",
        )
    return ok("platform", seen)
