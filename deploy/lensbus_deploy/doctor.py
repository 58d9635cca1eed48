"""`lensbus doctor`: what keeps cameras from working on this machine, and what to do about it."""

import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from lensbus_proto.runtime.settings import Settings, load
from lensbus_services.doctor import Finding, Verdict, count, problem
from lensbus_services.oak import doctor as oak
from lensbus_services.sony import doctor as sony
from lensbus_services.sony.launcher import LauncherError
from lensbus_services.usb import Host

VENDORS: Final = ("sony", "oak")
_WIDTH: Final = 100
_VERDICT: Final = max(len(verdict) for verdict in Verdict) + 2


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for."""

    vendors: Sequence[str] = VENDORS
    fix: bool = False
    health: bool = False
    addresses: Sequence[str] = ()
    as_json: bool = False


def doctor(wishes: Wishes, environ: Mapping[str, str], host: Host | None = None) -> int:
    """Look, print what was found; return 1 if cameras cannot work like this."""
    config = Path(environ["LENSBUS_CONFIG"]) if environ.get("LENSBUS_CONFIG") else None
    settings = load(config, environ)
    found = {
        vendor: look(vendor, wishes, settings, environ, host or Host()) for vendor in wishes.vendors
    }
    sys.stdout.write(as_json(found) if wishes.as_json else as_text(found))
    everything = [finding for findings in found.values() for finding in findings]
    return 1 if count(everything, Verdict.PROBLEM) else 0


def look(
    vendor: str, wishes: Wishes, settings: Settings, environ: Mapping[str, str], host: Host
) -> list[Finding]:
    """Return what is found for one vendor, after what can be put right was put right."""
    if vendor == "oak":
        addresses = (*settings.oak.addresses, *wishes.addresses)
        return oak.examine(settings, environ, host, addresses, has_health=wishes.health)
    failed = []
    if wishes.fix:
        try:
            sony.fix(settings)
        except LauncherError as error:
            failed = [problem("fix", str(error), "put this right, then try again")]
    return [*failed, *sony.examine(settings, environ, host)]


def as_json(found: Mapping[str, Sequence[Finding]]) -> str:
    """Return all findings for programs."""
    listed = [
        {"vendor": vendor, **asdict(finding)}
        for vendor, findings in found.items()
        for finding in findings
    ]
    everything = [finding for findings in found.values() for finding in findings]
    counts = {verdict.value: count(everything, verdict) for verdict in Verdict}
    return json.dumps({"findings": listed, "counts": counts}, indent=2) + "\n"


def as_text(found: Mapping[str, Sequence[Finding]]) -> str:
    """Return all findings for people: a line each, and below it what to do."""
    lines = []
    for vendor, findings in found.items():
        lines.append(vendor)
        for finding in findings:
            lines += _wrapped(
                f"  {finding.verdict:<{_VERDICT}}", f"{finding.check}: {finding.text}"
            )
            if finding.advice:
                # Never broken: commands are copied from here.
                lines.append(f"{'':<{_VERDICT + 2}}-> {finding.advice}")
    return "\n".join(lines) + "\n"


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,  # paths are there to be copied
        break_on_hyphens=False,
    )
