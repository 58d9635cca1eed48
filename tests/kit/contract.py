"""The published contract against a running system: cases made from it, answers judged by it.

What is published leaves room for keys that a later version adds. Here nothing may be answered
that is not told, so every object of an answer is closed first.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
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

Op = APIOperation[Any, Any, Any, Any]
AnyCase = Case[Any]

LIMIT_S: Final = 45.0  # of one answer; the longest deadline on its way is 40 s
SEED: Final = 20261121
ENDLESS: Final = ("text/event-stream", "multipart/x-mixed-replace")
STREAMS: Final = ("CAM_A", "CAM_B", "CAM_C", "DEPTH_B_C", "CAM_H")

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


def contract(system: System) -> dict[str, Any]:
    """Return the OpenAPI document that a system publishes, closed."""
    document: dict[str, Any] = system.json("GET", "/openapi.json")
    close(document["components"])
    for path in document["paths"].values():
        for operation in path.values():
            close(operation["responses"])
    return document


def close(schema: Any) -> None:
    """Have every object with named members hold no others."""
    if isinstance(schema, list):
        for one in schema:
            close(one)
    elif isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for one in schema.values():
            close(one)


def attack(
    system: System,
    operation: Op,
    examples: int,
    there: Mapping[str, Sequence[Any]] | None = None,
) -> int:
    """Send cases of one operation, the same in every run; return how many.

    With `there` its names in the path are replaced by one of their values.
    """
    in_path = {parameter.name for parameter in operation.path_parameters}
    names = {name: values for name, values in (there or {}).items() if name in in_path}
    sent = 0

    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(),
        known=st.fixed_dictionaries({key: st.sampled_from(names[key]) for key in names}),
    )
    def send(case: AnyCase, known: Mapping[str, Any]) -> None:
        nonlocal sent
        for name, value in known.items():
            case.path_parameters[name] = value
        answer(system, case)
        sent += 1

    send()
    return sent


def answer(system: System, case: AnyCase) -> Response | None:
    """Send a case and judge its answer; of an endless one only the head."""
    kwargs = case.as_transport_kwargs(system.url)
    with requests.Session() as session:
        session.trust_env = False
        prepared = session.prepare_request(
            requests.Request(**{key: kwargs[key] for key in kwargs if key in _REQUEST})
        )
        with session.send(prepared, timeout=LIMIT_S, stream=True, allow_redirects=False) as got:
            if got.headers.get("content-type", "").startswith(ENDLESS):
                assert got.status_code == 200
                return None
            got.content  # noqa: B018  # reads it
            told = Response.from_requests(got, verify=False)
    case.validate_response(told, checks=CHECKS)
    return told


_REQUEST: Final = frozenset(
    ("method", "url", "headers", "files", "data", "params", "auth", "cookies", "json")
)


def load(document: Mapping[str, Any]) -> BaseSchema:
    """Return a document as cases are made from it."""
    return schemathesis.openapi.from_dict(json.loads(json.dumps(document)))


def operations(schema: BaseSchema) -> dict[str, Op]:
    """Return all operations by their ids."""
    found = (found.ok() for found in schema.get_all_operations() if isinstance(found, Ok))
    return {one.definition.raw["operationId"]: one for one in found}


def without(names: Iterable[str], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the operations but some."""
    left_out = set(names)
    assert left_out <= set(found)
    return {name: one for name, one in found.items() if name not in left_out}
