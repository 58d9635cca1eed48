"""A08: no path that a client names leads out of the folders that the settings allow."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from kit.system import ALPHA, System

API = f"/api/cameras/{ALPHA}"
ESCAPE = "lensbus-escape"


@pytest.fixture
def connected(system: System) -> Iterator[System]:
    """The Alpha body, connected, with a card to pull from."""
    system.json("POST", f"{API}/connection", {"mode": "remote-transfer"})
    yield system
    system.json("DELETE", f"{API}/connection")


def hostile(pictures: Path, outside: Path) -> list[str]:
    """Return paths that are none below the pictures, however they look."""
    link = pictures / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(outside)
    return [
        *("..", ".", "relative", f"../{ESCAPE}", f"/{ESCAPE}", f"/etc/{ESCAPE}", "/dev/null"),
        *("~", f"~/{ESCAPE}", "C:\\x", f"..\\{ESCAPE}", "//", "%2e%2e%2f", "\x00", "\n"),
        f"{pictures}/../{ESCAPE}",
        f"{pictures}/a/../../{ESCAPE}",
        f"{pictures}-{ESCAPE}",
        f"{pictures}/a\x00b",
        f"{pictures}/{'x' * 300}",
        f"{pictures}/{'x/' * 3000}",
        f"{link}",
        f"{link}/{ESCAPE}",
        f"{link}/../{ESCAPE}",
    ]


def below(folder: Path) -> set[Path]:
    """Return everything in a folder but what the system itself writes."""
    own = ("simulator", "pictures", "journal", "run", "logs", "cameras")
    return {path for path in folder.rglob("*") if path.relative_to(folder).parts[0] not in own}


def test_a08_no_path_of_a_client_leaves_its_roots(connected: System, tmp_path: Path) -> None:
    system = connected
    files = system.json("GET", f"{API}/sd-card/slot/1/files")["files"]
    pull = f"{API}/sd-card/slot/1/files/{files[0]['content_id']}/{files[0]['file_id']}/download"
    pictures = system.state / "pictures"
    before = below(system.state)
    requests: list[tuple[str, str, Any]] = []
    for path in hostile(pictures, tmp_path):
        requests += [
            ("PUT", f"{API}/settings/save-info", {"path": path}),
            ("PUT", f"{API}/settings/save-info", {"path": str(pictures), "prefix": f"../{path}"}),
            ("POST", pull, {"save_path": path}),
            ("POST", f"{API}/lut/import", {"filePath": path}),
            ("POST", f"{API}/settings/download", {"filename": f"{path}/x"}),
            ("POST", f"{API}/settings/upload", {"filename": f"{path}/x"}),
        ]

    answers = [(*system.request(*request), request) for request in requests]

    assert [(request, answer) for status, answer, request in answers if status != 400] == []
    assert all(json.loads(answer)["success"] is False for _, answer, _ in answers)
    assert below(system.state) == before
    assert list(tmp_path.iterdir()) == []
    for root in ("/", "/etc", str(system.state), str(system.state.parent), str(Path.home())):
        assert not (Path(root) / ESCAPE).exists()
    assert system.json("GET", f"{API}/connection")["camera"]["connected"] is True


def test_a08_no_path_gives_what_the_camera_has_not_saved(connected: System, tmp_path: Path) -> None:
    pictures = connected.state / "pictures"
    (tmp_path / ESCAPE).write_text("outside")
    (pictures / "beside").mkdir()
    (pictures / "beside" / ESCAPE).write_text("of nobody")
    paths = [*hostile(pictures, tmp_path), f"{pictures}/beside/{ESCAPE}", f"../beside/{ESCAPE}"]
    for path in [*paths, str(tmp_path / ESCAPE), "/proc/self/environ", "/dev/zero"]:
        for spelled in (quote(path), quote(path, safe="")):
            answer = connected.request("GET", f"{API}/saved/{spelled}")
            assert answer[0] == 404, (path, answer)
            assert json.loads(answer[1])["success"] is False
