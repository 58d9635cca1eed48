"""A running system keeps to its published contract, whatever is sent to it (row A07).

The same budget in every run, small enough for every commit; `tests/faults/test_contract.py` has the
large one.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from schemathesis.schemas import BaseSchema

from kit import contract, told
from kit.contract import THERE, answer, attack, attack_all, statuses
from kit.processes import ROOT, environ, wait_for
from kit.system import ALPHA, OAK, System, command_of, running_system, wait_for_cameras

EXAMPLES = 4


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running_system(sony_simulator_time_scale="0.02") as started:
        wait_for_cameras(started)
        yield started


@pytest.fixture(scope="module")
def schema(system: System) -> BaseSchema:
    return contract.load(contract.published(system))


def test_cameras_that_are_there_are_answered_for_by_the_contract(
    system: System, schema: BaseSchema
) -> None:
    found = attack_all(system, schema, EXAMPLES, THERE)
    assert statuses(found, 200, 201, 202) > len(found) / 2


def test_what_is_not_there_is_answered_for_by_the_contract(
    system: System, schema: BaseSchema
) -> None:
    found = attack_all(system, schema, EXAMPLES, None)
    assert statuses(found, 400, 404, 422) > len(found) / 2


def test_orders_of_requests_are_answered_for_by_the_contract(
    system: System, schema: BaseSchema
) -> None:
    contract.wander(system, schema, walks=6, steps=8)


def test_an_answer_outside_of_the_contract_is_noticed(system: System) -> None:
    document = contract.published(system)
    camera = document["components"]["schemas"]["Camera"]
    del camera["properties"]["model"]
    camera["required"].remove("model")
    listing = contract.operations(contract.load(document))["listSonyCameras"]

    with pytest.raises(BaseExceptionGroup, match="distinct failure"):
        attack(system, listing, 1)


def test_the_examples_of_the_page_about_contracts_work(system: System, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    bus = "python -m lensbus_proto.asyncapi > lensbus-bus.json"
    assert bus in page

    printed = run([sys.executable, "-c", program, system.url], tmp_path)
    assert ALPHA in printed
    told = json.loads(run([sys.executable, "-m", "lensbus_proto.asyncapi"], tmp_path))
    assert told["asyncapi"] == "3.0.0"


def run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environ(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_events_of_a_busy_system_are_those_of_the_table(system: System) -> None:
    camera = f"/api/cameras/{ALPHA}"
    system.json("DELETE", f"{camera}/connection")
    system.json("POST", f"{camera}/connection", {"mode": "remote-transfer"})
    system.json("POST", f"/cameras/{OAK}/")
    kinds = {event.kind for event in told.events(system.state)}
    assert {"connected", "disconnected", "worker.started", "propertyChanged"} <= kinds
    assert told.wrongly_told(system.state) == []


def test_an_event_that_is_not_in_the_table_is_noticed() -> None:
    body: dict[str, Any] = {"code": "0x20011", "message": "Captured_Event"}
    assert told.faults("warning", body) == []
    assert told.faults("warning", body | {"more": 1})
    assert told.faults("warning", body | {"code": 1})
    assert told.faults("worker.started", {"vendor": "sony"})


def test_a_system_that_is_shut_down_by_a_request_answers_it_and_ends(
    system: System, schema: BaseSchema
) -> None:
    """The last test of this file, because nothing is left behind it."""
    case = contract.operations(schema)["shutDownServer"].Case()
    got = answer(system, case)
    assert got is not None
    assert got.status_code == 200
    wait_for(lambda: not command_of(system.pid), limit_s=60)  # it has ended by itself
