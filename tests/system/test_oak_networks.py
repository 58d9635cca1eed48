"""Neural networks in a running system: from the form of a client to the texts of its socket."""

import json
import os
import signal

import httpx
import websockets.sync.client
from websockets.sync.client import ClientConnection

from kit.nn_models import archive, blob, head
from kit.processes import wait_for
from kit.system import OAK_ONE, System, stream

NETWORK = f"/cameras/{OAK_ONE}/streams/CAM_A/nn"


def deploy(system: System, model: bytes, name: str, **config: object) -> int:
    form = {"data": {"config": json.dumps(config)}, "files": {"model": (name, model)}}
    return httpx.post(f"{system.url}{NETWORK}", trust_env=False, timeout=30, **form).status_code  # type: ignore[arg-type]  # two of its keywords


def listen(system: System) -> ClientConnection:
    url = f"ws://127.0.0.1:{system.port}{NETWORK}"
    return websockets.sync.client.connect(url, proxy=None, open_timeout=10)


def labels(socket: ClientConnection) -> set[int]:
    return {each["label"] for each in json.loads(socket.recv(timeout=10))["detections"]}


def test_a_network_goes_on_after_its_worker_was_killed(system: System) -> None:
    model = archive(head("blue", "yellow"))
    with stream(system) as events:
        assert deploy(system, model, "discs.tar.xz", type="Detection") == 201
        assert events.wait("networkDeployed", OAK_ONE)["type"] == "Detection"
        shown = system.json("GET", NETWORK)
        with listen(system) as socket:
            wait_for(lambda: labels(socket) == {0, 1}, 20)

        worker = system.worker_pid(OAK_ONE)
        assert worker is not None
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: system.worker_pid(OAK_ONE) not in (None, worker), 15)
        wait_for(lambda: system.request("GET", NETWORK)[0] == 200, 15)
        assert system.json("GET", NETWORK) == shown
        with listen(system) as socket:
            wait_for(lambda: labels(socket) == {0, 1}, 20)

        assert system.request("DELETE", NETWORK) == (202, b"null")
        events.wait("networkRemoved", OAK_ONE)
    assert system.json("GET", NETWORK) is None
    assert list((system.state / "networks").rglob("*.tar.xz")) == []


def test_a_bad_model_does_not_hurt_its_worker(system: System) -> None:
    worker = system.worker_pid(OAK_ONE)
    # An empty blob ends any process in which depthai reads it.
    assert deploy(system, archive(content=b""), "m.tar.xz", type="Generic") == 422
    assert deploy(system, b"nothing" * 1000, "m.blob", type="Generic") == 422
    assert system.worker_pid(OAK_ONE) == worker
    assert deploy(system, blob(), "m.blob", type="Generic") == 201
    assert system.request("DELETE", NETWORK)[0] == 202
    assert [each for each in (system.state / "uploads").rglob("*") if each.is_file()] == []
