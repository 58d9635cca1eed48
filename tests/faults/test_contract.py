"""Row A07 with its large budget: both surfaces against their contract, with and without state."""

import pytest
from schemathesis.schemas import BaseSchema

from kit import contract
from kit.contract import THERE, Found, attack_all, statuses
from kit.system import System, running_system, wait_for_cameras

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

EXAMPLES = 100


def told(name: str, found: Found) -> None:
    cases = sum(seen.total() for seen in found.values())
    by_status = {
        status: sum(seen[status] for seen in found.values())
        for status in sorted({status for seen in found.values() for status in seen})
    }
    print(f"{name}: {cases} cases of {len(found)} operations, answered {by_status}")


@pytest.mark.parametrize("is_there", [True, False], ids=["there", "nowhere"])
def test_no_case_of_any_operation_is_answered_outside_of_the_contract(is_there: bool) -> None:
    with running_system(sony_simulator_time_scale="0.02") as system:
        wait_for_cameras(system)
        schema = _schema(system)
        found = attack_all(system, schema, EXAMPLES, THERE if is_there else None)
    told("there" if is_there else "nowhere", found)
    assert statuses(found, 500) == 0


def test_no_order_of_operations_is_answered_outside_of_the_contract() -> None:
    with running_system(sony_simulator_time_scale="0.02") as system:
        wait_for_cameras(system)
        asked = contract.wander(system, _schema(system), walks=120, steps=25)
    print(f"walks: {asked} cases")
    assert asked > 500


def _schema(system: System) -> BaseSchema:
    return contract.load(contract.published(system))
