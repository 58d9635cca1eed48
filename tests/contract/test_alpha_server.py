"""The log and the end of the system on the Alpha surface."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.fake_commander import Surface
from kit.fake_sony import FakeSony
from lensbus_gateway.alpha import shutdown
from lensbus_gateway.alpha.routes import routes
from lensbus_proto.runtime.settings import SystemSettings


@pytest.fixture
def state(tmp_path: Path) -> Path:
    for name in ("logs", "run"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def surface(state: Path) -> Surface:
    made = Surface(routes, FakeSony())
    settings = made.app.state.settings
    made.app.state.settings = replace(settings, system=SystemSettings(state=str(state)))
    return made


class TestLogs:
    @pytest.fixture(autouse=True)
    def log(self, state: Path) -> None:
        levels = ("debug", "info", "warning", "error")
        lines = [
            f"2026-11-21T08:00:{second:02} {level} lensbus_broker: n={second}"
            for second, level in enumerate(levels * 5)
        ]
        (state / "logs" / "broker.log").write_text("\n".join(lines))
        (state / "logs" / "worker-sony-CAM1.log").write_text(
            '2026-11-21T08:01:00 info lensbus_services: said text="\u2028" end'
        )

    def get(self, surface: Surface, query: str = "") -> Any:
        answer = surface.get(f"/api/server/logs{query}")
        assert answer.status_code == 200
        body = answer.json()
        assert body["success"] is True
        assert body["returned"] == len(body["logs"])
        assert body["total"] == 21
        return body["logs"]

    def test_they_come_newest_first_from_info_upwards(self, surface: Surface) -> None:
        logs = self.get(surface)

        assert logs[0] == {
            "timestamp": "2026-11-21T08:01:00",
            "level": "info",
            "message": 'lensbus_services: said text="\u2028" end',
            "cameraId": "CAM1",
        }
        assert logs[1]["message"] == "lensbus_broker: n=19"
        assert {entry["level"] for entry in logs} == {"info", "warn", "error"}
        assert len(logs) == 16
        assert "cameraId" not in logs[1]

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("?level=debug", 21),
            ("?level=warn", 10),
            ("?level=error", 5),
            ("?level=nonsense", 16),
            ("?lines=3", 3),
            ("?lines=0", 1),
            ("?lines=-5", 1),
            ("?lines=99999999", 16),
            ("?lines=x", 16),
            ("?lines=" + "9" * 5000, 16),
            ("?cameraId=CAM1", 1),
            ("?cameraId=CAM2", 0),
        ],
    )
    def test_a_client_chooses(self, surface: Surface, query: str, count: int) -> None:
        assert len(self.get(surface, query)) == count


class TestShutdown:
    @pytest.fixture
    def killed(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
        struck: list[tuple[int, int]] = []
        monkeypatch.setattr(os, "kill", lambda pid, number: struck.append((pid, number)))
        monkeypatch.setattr(shutdown, "AFTER_S", 0)
        return struck

    def test_it_ends_the_process_manager_above_it(
        self, surface: Surface, state: Path, killed: list[tuple[int, int]]
    ) -> None:
        (state / "run" / "supervisord.pid").write_text(f"{os.getppid()}\n")

        answer = surface.post("/api/server/shutdown")

        assert answer.json() == {"success": True, "message": "Shutdown initiated"}
        assert killed == [(os.getppid(), signal.SIGTERM)]

    @pytest.mark.parametrize("text", [None, "999999999", "x", ""])
    def test_without_one_it_ends_itself(
        self, surface: Surface, state: Path, killed: list[tuple[int, int]], text: str | None
    ) -> None:
        if text is not None:
            (state / "run" / "supervisord.pid").write_text(text)

        surface.post("/api/server/shutdown")

        assert killed == [(os.getpid(), signal.SIGTERM)]

    def test_looking_at_it_ends_nothing(
        self, surface: Surface, killed: list[tuple[int, int]]
    ) -> None:
        assert surface.get("/api/server/shutdown").status_code == 405
        assert killed == []


def test_the_oldest_name_of_the_status_still_works(surface: Surface) -> None:
    assert surface.get("/api/status").json()["server"]["version"] == "3.0.0"
