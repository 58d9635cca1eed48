"""axe-core on a page: what it finds that keeps people from using it."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from kit.browser import Tab

PACKAGE: Final = "axe-core@4.14.1"
GRAVE: Final = {"critical", "serious"}


def fetch_axe(folder: Path) -> str:
    """Return the program, fetched from npm: its licence, MPL-2.0, keeps it out of this package."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing")
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", PACKAGE],
        cwd=folder,
        check=True,
        timeout=300,
    )
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def findings(tab: Tab, axe: str) -> list[str]:
    """Return what is serious or worse on the page as it is now, a line each."""
    if not tab.run("'axe' in window"):
        tab.run(f"(() => {{ {axe}\n; return true }})()")
    found = tab.run("axe.run(document, {resultTypes: ['violations']}).then(all => all.violations)")
    return [
        f"{one['impact']} {one['id']}: {one['help']}; {node['html'][:160]} {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
