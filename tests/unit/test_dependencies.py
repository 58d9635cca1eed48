"""The document about packages lists what lensbus asks for, with licences."""

import re
import subprocess
import sys
import tomllib

from kit.processes import ROOT

NAME = re.compile(r"[a-z0-9-]+")
ROW = re.compile(r"^\| (\S+) \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)


def listed(text: str) -> dict[str, str]:
    return dict(ROW.findall(text.partition("| package |")[2]))


def test_every_package_that_is_asked_for_is_listed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [text for name in extras if name not in ("all", "dev") for text in extras[name]]
    names = {found[0] for text in wanted if (found := NAME.match(text)) is not None}
    assert names - {"lensbus"} <= set(listed((ROOT / "docs" / "dependencies.md").read_text()))


def test_every_package_tells_its_licence() -> None:
    made = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "dependencies")],
        capture_output=True,
        text=True,
        check=True,
    )
    licences = listed(made.stdout)
    assert licences
    assert "not told" not in licences.values()
