"""The OpenAPI document: made from the tables of operations, the routes and pydantic's schemas."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import TypeAdapter
from starlette.routing import BaseRoute, Route

from lensbus_gateway.contract.operation import (
    Answer,
    Chapter,
    Content,
    Operation,
    Parameter,
    Plain,
)

VERSION: Final = "3.1.0"
REF: Final = "#/components/schemas/{model}"
BY_THE_WAY: Final = frozenset({"HEAD", "OPTIONS"})  # what the document says once, for all paths

_IN_PATH: Final = re.compile(r"\{(\w+)(?::\w+)?\}")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Common:
    """What operations have in common: how to show who one is, and what refuses them all.

    `refusals` names those of the answers that an operation may get; its own go before them.
    """

    schemes: Mapping[str, Any]
    answers: Mapping[str, Answer]
    security: Callable[[Operation], Sequence[Mapping[str, Sequence[str]]]]
    refusals: Callable[[Operation], Mapping[int, str]]


def document(
    info: Mapping[str, Any],
    chapters: Sequence[Chapter],
    routes: Sequence[BaseRoute],
    common: Common,
) -> Document:
    """Return the document of some chapters; the routes tell what their handlers do."""
    schemas, components = _schemas([*_all_contents(chapters), *_contents_in(common.answers)])
    told = _summaries(routes)
    paths: dict[str, dict[str, Any]] = {}
    for chapter in chapters:
        for one in chapter.operations:
            summary = one.summary or told.get((one.method, one.served_by), "")
            made = _operation(one, chapter.name, summary, schemas)
            refusals = {
                str(status): {"$ref": f"#/components/responses/{name}"}
                for status, name in common.refusals(one).items()
            }
            made["responses"] = dict(sorted({**refusals, **made["responses"]}.items()))
            made["security"] = common.security(one)
            paths.setdefault(one.path, {})[one.method.lower()] = made
    return {
        "openapi": VERSION,
        "info": dict(info),
        "servers": [{"url": "/"}],
        "tags": [{"name": one.name, "description": one.meaning} for one in chapters],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {name: _answer(one, schemas) for name, one in common.answers.items()},
            "securitySchemes": dict(common.schemes),
        },
    }


def served(routes: Sequence[BaseRoute]) -> set[tuple[str, str]]:
    """Return method and path of whatever an application answers, each path in one spelling."""
    return {
        (method, _spelled(route.path))
        for route in routes
        if isinstance(route, Route)
        for method in _methods(route)
    }


def told(chapters: Sequence[Chapter]) -> set[tuple[str, str]]:
    """Return method and route of every operation."""
    return {(one.method, one.served_by) for chapter in chapters for one in chapter.operations}


def _spelled(path: str) -> str:
    return path.rstrip("/") or "/"


def _methods(route: Route) -> set[str]:
    """Return the methods of a route; a resource knows its own."""
    methods = getattr(route.endpoint, "methods", None) or route.methods or ()
    return set(methods) - BY_THE_WAY


def _handler(route: Route, method: str) -> Any:
    handlers: Mapping[str, Any] = getattr(route.endpoint, "handlers", {})
    return handlers.get(method, route.endpoint)


def _summaries(routes: Sequence[BaseRoute]) -> dict[tuple[str, str], str]:
    found = {}
    for route in routes:
        if isinstance(route, Route):
            for method in _methods(route):
                text = inspect.getdoc(_handler(route, method)) or ""
                found[method, _spelled(route.path)] = " ".join(text.partition("\n\n")[0].split())
    return found


def _operation(
    one: Operation, tag: str, summary: str, schemas: Mapping[int, Any]
) -> dict[str, Any]:
    made: dict[str, Any] = {"operationId": one.id, "tags": [tag], "summary": summary}
    if one.more:
        made["description"] = one.more
    if one.parameters:
        made["parameters"] = [_parameter(each) for each in one.parameters]
    if one.body:
        made["requestBody"] = {
            "required": one.needs_body,
            "content": _contents(one.body, schemas),
        }
    made["responses"] = {
        str(status): _answer(answer, schemas) for status, answer in one.answers.items()
    }
    return made


def _parameter(one: Parameter) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": one.name,
        "in": one.where,
        "description": one.meaning,
        "schema": dict(one.schema),
    }
    if one.where == "path":
        made["required"] = True
    if one.example is not None:
        made["example"] = one.example
    return made


def _answer(one: Answer, schemas: Mapping[int, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"description": one.meaning}
    if one.headers:
        made["headers"] = {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in one.headers.items()
        }
    if one.contents:
        made["content"] = _contents(one.contents, schemas)
    if one.links:
        made["links"] = {
            name: {"operationId": link.operation, "parameters": dict(link.parameters)}
            for name, link in one.links.items()
        }
    return made


def _contents(contents: Sequence[Content], schemas: Mapping[int, Any]) -> dict[str, Any]:
    made = {}
    for one in contents:
        told: dict[str, Any] = {"schema": schemas[id(one.shape)]}
        if one.examples:
            told["examples"] = {name: {"value": value} for name, value in one.examples.items()}
        made[one.media] = told
    return made


def _schemas(contents: Iterable[Content]) -> tuple[dict[int, Any], dict[str, Any]]:
    """Return the schema of each shape by its identity, and the definitions that they share."""
    shapes = {id(one.shape): one.shape for one in contents}
    found: dict[int, Any] = {
        key: dict(shape.schema) for key, shape in shapes.items() if isinstance(shape, Plain)
    }
    asked: list[tuple[str, Literal["validation"], TypeAdapter[Any]]] = [
        (
            str(key),
            "validation",
            shape if isinstance(shape, TypeAdapter) else TypeAdapter(shape),
        )
        for key, shape in shapes.items()
        if key not in found
    ]
    made, rest = TypeAdapter.json_schemas(asked, ref_template=REF)
    for (key, _), schema in made.items():
        found[int(key)] = untitled(schema)
    return found, untitled(rest.get("$defs", {}))


def _all_contents(chapters: Sequence[Chapter]) -> Iterator[Content]:
    for chapter in chapters:
        for one in chapter.operations:
            yield from one.body
            yield from _contents_in(one.answers)


def _contents_in(answers: Mapping[Any, Answer]) -> Iterator[Content]:
    for answer in answers.values():
        yield from answer.contents


def untitled(schema: Any) -> Any:
    """Return a schema without the titles that pydantic makes of every name."""
    match schema:
        case {"title": str(), **rest}:
            return {key: untitled(value) for key, value in rest.items()}
        case dict():
            return {key: untitled(value) for key, value in schema.items()}
        case list():
            return [untitled(value) for value in schema]
    return schema
