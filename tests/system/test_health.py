"""Health and numbers of a whole system with cameras of both vendors."""

import json
import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kit.gateway import Wire
from kit.processes import ROOT, wait_for
from kit.system import ALL, ALPHA, OAK, System, running_system, stream, wait_for_cameras

CONNECT_S = 30.0


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running_system(sony_simulator_time_scale="0.05", system_log_format="json") as running:
        wait_for_cameras(running)
        yield running


def ready(system: System, camera: str = "") -> tuple[int, dict[str, Any]]:
    """Return the status of `/readyz` and its lines by camera."""
    query = f"?camera={camera}" if camera else ""
    status, body = system.request("GET", f"/readyz{query}")
    return status, {line["camera"]: line for line in json.loads(body)["cameras"]}


def samples(system: System) -> dict[str, float]:
    """Return all values, read as Prometheus reads them: `name{label=value,...}`, no processes."""
    text = system.request("GET", "/metrics")[1].decode()
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = [f"{key}={text}" for key, text in sample.labels.items() if key != "process"]
            key = f"{sample.name}{{{','.join(sorted(labels))}}}" if labels else sample.name
            found[key] = found.get(key, 0) + sample.value
    return found


def test_four_cameras_whose_sdks_answer_are_ready(system: System) -> None:
    wait_for(lambda: ready(system)[0] == 200, limit_s=CONNECT_S, every_s=0.2)
    _, lines = ready(system)
    assert set(lines) == ALL
    assert lines[ALPHA]["reason"] == "nobody has connected it"
    assert ready(system, OAK)[0] == 200


def test_a_frozen_worker_makes_one_camera_unready_and_the_others_not(system: System) -> None:
    pid = wait_for(lambda: system.worker_pid(OAK), limit_s=CONNECT_S)
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: ready(system, OAK)[0] == 503, limit_s=CONNECT_S, every_s=0.2)
        status, lines = ready(system)
        assert status == 503
        assert lines[OAK]["reason"]
        assert ready(system, ALPHA)[0] == 200
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: ready(system)[0] == 200, limit_s=CONNECT_S, every_s=0.2)


def test_a_lost_connection_that_is_wished_makes_a_camera_unready(system: System) -> None:
    system.json("POST", f"/api/cameras/{ALPHA}/connection", {"mode": "remote"})
    wait_for(lambda: ready(system, ALPHA)[1][ALPHA]["reason"] == "", limit_s=CONNECT_S)
    unplugged = system.state / "simulator" / "sony" / f"{ALPHA}.unplugged"
    unplugged.touch()
    try:
        wait_for(lambda: ready(system, ALPHA)[0] == 503, limit_s=CONNECT_S, every_s=0.2)
    finally:
        unplugged.unlink()
    wait_for(lambda: ready(system)[0] == 200, limit_s=CONNECT_S, every_s=0.2)
    system.json("DELETE", f"/api/cameras/{ALPHA}/connection")


def test_any_gateway_tells_the_numbers_of_all(system: System) -> None:
    """Two gateways share the port: whoever is asked, both are in the answer."""
    with stream(system):
        processes = set()
        for _ in range(6):
            text = system.request("GET", "/metrics")[1].decode()
            clients = re.findall(
                r'^lensbus_gateway_clients_open\{process="(\d+)"\} (\d+)', text, re.M
            )
            processes.add(frozenset(process for process, _ in clients))
            assert sum(int(count) for _, count in clients) == 1
    (both,) = processes
    assert len(both) == 2


def test_what_happens_is_in_the_numbers(system: System) -> None:
    with stream(system) as events:
        assert system.request("GET", f"/cameras/{OAK}/streams/CAM_A/still")[0] == 200
        events.wait("stillCaptured", OAK)
        before = samples(system)
        assert before[f"lensbus_camera_ready{{camera={ALPHA},vendor=sony}}"] == 1
        assert before[f"lensbus_worker_starts_total{{camera={OAK}}}"] >= 1
        assert before[f"lensbus_sdk_callbacks_total{{camera={ALPHA}}}"] > 0
        assert before["lensbus_gateway_delivery_seconds_count"] >= 1
        assert before["lensbus_gateway_command_seconds_count{name=still}"] == 1
        assert before["lensbus_gateway_http_answers_total{status=2xx,surface=robopipe}"] >= 1
        assert before["lensbus_gateway_clients_open"] == 1
    system.request("GET", "/api/nothing")
    assert samples(system)["lensbus_gateway_http_answers_total{status=4xx,surface=alpha}"] >= 1


def test_a_stream_that_is_watched_has_an_age_and_viewers(system: System) -> None:
    source = f"{{camera={OAK},stream=CAM_A}}"
    with Wire(("127.0.0.1", system.port)) as wire:
        wire.request(f"/cameras/{OAK}/streams/CAM_A/mjpeg")
        wire.until(b"image/jpeg")

        def watched() -> dict[str, float]:
            wire.until(b"image/jpeg")
            now = samples(system)
            return now if f"lensbus_gateway_picture_age_seconds{source}" in now else {}

        now = wait_for(watched, limit_s=CONNECT_S)
        assert now[f"lensbus_gateway_pictures_total{source}"] >= 1
        assert now["lensbus_gateway_viewers_open"] == 1
        assert now["lensbus_gateway_picture_seconds_count"] >= 1


def records(system: System, camera: str, message: str) -> list[dict[str, Any]]:
    """Return the records with this message in the log of a camera's worker."""
    (path,) = (system.state / "logs").glob(f"worker-*-{camera}.log")
    told = [json.loads(line) for line in path.read_text().splitlines()]
    return [one for one in told if one["message"] == message]


def test_a_press_can_be_followed_through_the_logs(system: System) -> None:
    system.json("POST", f"/api/cameras/{ALPHA}/connection", {"mode": "remote"})
    with stream(system) as events:
        system.json("POST", f"/api/cameras/{ALPHA}/actions/shutter")
        exposed = events.wait("warning", ALPHA, limit_s=CONNECT_S)
    wait_for(lambda: records(system, ALPHA, "triggered"), limit_s=CONNECT_S)
    record = records(system, ALPHA, "triggered")[-1]
    assert record["camera"] == ALPHA
    assert record["process"] == "lensbus_services"
    assert re.fullmatch(r"[0-9a-f]{12}-\d+", record["command_id"]), "the id that a gateway gave"
    assert record["capture"] == exposed.get("capture", record["capture"])
    told = system.json("GET", f"/api/server/logs?cameraId={ALPHA}&lines=1000")["logs"]
    assert any(f"command_id={record['command_id']}" in one["message"] for one in told)
    system.json("DELETE", f"/api/cameras/{ALPHA}/connection")


def test_the_dashboard_and_the_alerts_name_metrics_that_are_there(system: System) -> None:
    text = system.request("GET", "/metrics")[1].decode()
    there = {family.name for family in text_string_to_metric_families(text)}
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)", text, re.M))
    assert there
    for path in ("grafana/lensbus.json", "prometheus/lensbus.rules.yml"):
        named = set(re.findall(r"\blensbus_\w+", (ROOT / "deploy" / path).read_text()))
        assert len(named) >= 8, path
        for name in named:
            plain = re.sub("_(bucket|sum|count)$", "", name)
            assert name in kinds or kinds.get(plain) == "histogram", (path, name)
