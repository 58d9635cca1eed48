"""A real Prometheus before a whole system: it takes what `deploy/` gives it."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from kit.console import connect
from kit.processes import ROOT, free_port, wait_for
from kit.system import ALPHA, System, running_system, stream, wait_for_cameras

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed"),
]

DEPLOY: Final = ROOT / "deploy"
OFTEN: Final = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
SCRAPES: Final = 5


class Prometheus:
    """A running Prometheus, asked as Grafana asks it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, path: str, **query: str) -> Any:
        """Return the data of an answer."""
        asked = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(asked, timeout=30) as answer:
            told = json.load(answer)
        assert told["status"] == "success", told
        return told["data"]

    def values(self, expression: str) -> list[float]:
        """Return what an expression is now, of each of its series."""
        return [float(one["value"][1]) for one in self.ask("query", query=expression)["result"]]


@contextmanager
def prometheus(folder: Path, system: System) -> Iterator[Prometheus]:
    """Yield a Prometheus with the settings of `deploy/`, of which only rack and pace are others."""
    settings = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    for mine, here in (
        ("127.0.0.1:8080", f"127.0.0.1:{system.port}"),
        ("    scrape_interval: 10s\n", ""),
        ("    scrape_timeout: 5s\n", ""),
    ):
        assert settings.count(mine) == 1
        settings = settings.replace(mine, here)
    (folder / "prometheus.yml").write_text(OFTEN + settings)
    shutil.copy(DEPLOY / "prometheus" / "lensbus.rules.yml", folder)
    port = free_port()
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        asked = Prometheus(f"http://127.0.0.1:{port}")
        wait_for(lambda: scraped(asked), limit_s=60, every_s=0.2)
        yield asked
    finally:
        child.terminate()
        child.wait(30)


def scraped(asked: Prometheus) -> bool:
    try:
        return asked.values(f"count_over_time(up[1m]) >= {SCRAPES}") != []
    except OSError:  # not started yet
        return False


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running_system(sony_simulator_time_scale="0.2") as running:
        wait_for_cameras(running)
        connect(running, ALPHA)
        yield running


@pytest.fixture(scope="module")
def asked(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with (
        stream(system),
        watched(system),
        prometheus(tmp_path_factory.mktemp("prometheus"), system) as running,
    ):
        yield running


@contextmanager
def watched(system: System) -> Iterator[None]:
    """Have somebody watch the live view of a body while the block runs."""
    with urllib.request.urlopen(f"{system.url}/api/cameras/{ALPHA}/live-view/stream", timeout=60):
        yield


def test_a_rack_is_up(asked: Prometheus) -> None:
    (target,) = asked.ask("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    assert asked.values("lensbus_camera_ready") == [1, 1, 1, 1]


def test_the_rules_are_taken_and_none_wakes_anybody_about_a_healthy_rack(asked: Prometheus) -> None:
    def judged() -> list[dict[str, Any]]:
        groups = asked.ask("rules")["groups"]
        rules: list[dict[str, Any]] = [rule for group in groups for rule in group["rules"]]
        return rules if all(rule["health"] != "unknown" for rule in rules) else []

    rules = wait_for(judged, limit_s=60, every_s=0.2)
    assert len(rules) >= 9
    assert [rule for rule in rules if rule["health"] != "ok" or rule["state"] != "inactive"] == []


def test_every_panel_of_the_dashboard_shows_something(system: System, asked: Prometheus) -> None:
    panels = json.loads((DEPLOY / "grafana" / "lensbus.json").read_text())["panels"]
    empty = []
    for panel in panels:
        for target in panel["targets"]:
            expression = target["expr"].replace("$instance", ".*")
            if not asked.values(expression.replace("$__rate_interval", "30s")):
                empty.append(expression)
    assert not empty, "\n".join(empty)
