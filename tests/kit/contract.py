"""The published contract against a running system: cases made from it, answers judged by it.

What is published leaves room for keys that a later version adds. Here nothing may be answered
that is not told, so every object of an answer is closed first.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kit.system import ALPHA, OAK, System
from kit.told import close

Op = APIOperation[Any, Any, Any, Any]
AnyCase = Case[Any]
Found = Mapping[str, Counter[int]]

LIMIT_S: Final = 45.0  # of one answer; the longest deadline on its way is 40 s
SEED: Final = 20261121
ENDLESS: Final = ("text/event-stream", "multipart/x-mixed-replace")
STREAMS: Final = ("CAM_A", "CAM_B", "CAM_C", "DEPTH_B_C", "CAM_H")

ENDING: Final = frozenset({"shutDownServer"})  # has a test of its own

# What stands in a path in place of what was made up, so that cases reach cameras.
THERE: Final[Mapping[str, Sequence[Any]]] = {
    "camera": (ALPHA,),
    "mxid": (OAK,),
    "stream_name": STREAMS,
}

# 500 stands nowhere in the contract, so that the first of them finds it. Not among them: that what
# is sent wrongly is refused. The servers that both surfaces stand in for pass over bodies that they
# cannot read, and take numbers that are spelled as texts.
CHECKS: Final = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def published(system: System) -> dict[str, Any]:
    """Return the OpenAPI document that a system publishes, closed."""
    document: dict[str, Any] = system.json("GET", "/openapi.json")
    for shape in document["components"]["schemas"].values():
        close(shape)
    close(document["components"]["responses"])
    for path in document["paths"].values():
        for operation in path.values():
            close(operation["responses"])
    return document


def attack_all(
    system: System,
    schema: BaseSchema,
    examples: int,
    there: Mapping[str, Sequence[Any]] | None,
) -> Found:
    """Send cases of every operation but the one that ends the system; return what came."""
    found = {}
    for name, operation in operations(schema).items():
        if name in ENDING:
            continue
        if there:  # whatever was done to them before
            system.request("POST", f"/api/cameras/{ALPHA}/connection", {"mode": "remote-transfer"})
            system.request("POST", f"/cameras/{OAK}")
        found[name] = attack(system, operation, examples, there)
    return found


def statuses(found: Found, *wanted: int) -> int:
    """Return how many operations have answered with one of these."""
    return sum(1 for seen in found.values() if any(status in seen for status in wanted))


def attack(
    system: System,
    operation: Op,
    examples: int,
    there: Mapping[str, Sequence[Any]] | None = None,
) -> Counter[int]:
    """Send cases of one operation, the same in every run; return what was answered how often.

    With `there` its names in the path are replaced by one of their values.
    """
    in_path = {parameter.name for parameter in operation.path_parameters}
    names = {name: values for name, values in (there or {}).items() if name in in_path}
    seen: Counter[int] = Counter()

    @seed(SEED)
    @settings(_SETTINGS, max_examples=examples)
    @given(
        case=operation.as_strategy(),
        known=st.fixed_dictionaries({key: st.sampled_from(names[key]) for key in names}),
    )
    def send(case: AnyCase, known: Mapping[str, Any]) -> None:
        for name, value in known.items():
            case.path_parameters[name] = value
        got = answer(system, case)
        seen[200 if got is None else got.status_code] += 1

    send()
    return seen


def wander(system: System, schema: BaseSchema, walks: int, steps: int) -> int:
    """Go from operation to operation by what was answered; return how many were asked."""
    asked = 0
    wrong: list[BaseException] = []

    class Walk(schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def call(self, case: AnyCase, **kwargs: Any) -> Response:
            nonlocal asked
            asked += 1
            return send_case(system, case)

        def validate_response(self, response: Response, case: AnyCase, **kwargs: Any) -> None:
            if is_endless(response):
                return
            try:
                case.validate_response(response, checks=CHECKS)
            except BaseException as error:
                wrong.append(error)
                raise

    for walk in range(walks):
        # Each by itself: hypothesis compares what walks find at the same turning, and a system that
        # goes on living answers otherwise the second time. What was wrong is told all the same.
        with contextlib.suppress(FlakyStrategyDefinition):
            run_state_machine_as_test(
                seed(SEED + walk)(Walk),
                settings=settings(_SETTINGS, max_examples=2, stateful_step_count=steps),
            )
    if wrong:
        raise wrong[0]
    return asked


def answer(system: System, case: AnyCase) -> Response | None:
    """Send a case and judge its answer; of an endless one only the head, and None is returned."""
    told = send_case(system, case)
    if is_endless(told):
        assert told.status_code == 200
        return None
    case.validate_response(told, checks=CHECKS)
    return told


def is_endless(told: Response) -> bool:
    """Tell whether an answer would never end."""
    return bool(told.headers.get("content-type", [""])[0].startswith(ENDLESS))


def send_case(system: System, case: AnyCase) -> Response:
    """Return the answer to a case, of an endless one the head."""
    kwargs = case.as_transport_kwargs(system.url)
    with requests.Session() as session:
        session.trust_env = False
        prepared = session.prepare_request(
            requests.Request(**{key: kwargs[key] for key in kwargs if key in _REQUEST})
        )
        with session.send(prepared, timeout=LIMIT_S, stream=True, allow_redirects=False) as got:
            if got.headers.get("content-type", "").startswith(ENDLESS):
                got._content = b""  # what would be read has no end
            return Response.from_requests(got, verify=False)


_REQUEST: Final = frozenset(
    ("method", "url", "headers", "files", "data", "params", "auth", "cookies", "json")
)
_SETTINGS: Final = settings(
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def load(document: Mapping[str, Any]) -> BaseSchema:
    """Return a document as cases are made from it."""
    return schemathesis.openapi.from_dict(json.loads(json.dumps(document)))


def operations(schema: BaseSchema) -> dict[str, Op]:
    """Return all operations by their ids."""
    found = (found.ok() for found in schema.get_all_operations() if isinstance(found, Ok))
    return {one.definition.raw["operationId"]: one for one in found}
