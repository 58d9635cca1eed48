"""The published contracts: whole, valid, and about what is really there."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema
import openapi_spec_validator
import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from starlette.routing import WebSocketRoute

from lensbus_gateway.access.decide import SAFE
from lensbus_gateway.access.table import rule_of
from lensbus_gateway.app import create_app
from lensbus_gateway.contract import documents, openapi
from lensbus_proto import asyncapi
from lensbus_proto.kinds import KINDS
from lensbus_proto.runtime.settings import Settings

ROOT: Final = Path(__file__).parents[2]
ASYNCAPI: Final = Path(__file__).parents[1] / "kit" / "vendored" / "asyncapi-3.0.0.json"

TAKES_DEFAULTS: Final = "--default-non-nullable=false"
PAGE: Final = """\
import type { components, paths } from "./lensbus";
type Listed = paths["/api/cameras"]["get"]["responses"][200]["content"]["application/json"];
const names = (told: Listed): string[] => told.cameras.map((camera) => camera.id);
const manual: components["schemas"]["SensorControlUpdate"] = { exposure_time: 9000 };
console.log(names, manual);
"""

ROUTES = create_app(Settings()).routes
HTTP = documents.http(ROUTES)
MESSAGES = documents.messages()
BUS = asyncapi.bus("1")


def operations() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in HTTP["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from references(one)


def resolve(document: Any, reference: str) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step.replace("~1", "/").replace("~0", "~")]
    return document


def test_every_route_has_an_operation_and_every_operation_a_route() -> None:
    served = {one for one in openapi.served(ROUTES) if one[1] not in documents.NOWHERE}
    assert openapi.told(documents.CHAPTERS) == served


def test_every_websocket_has_a_channel() -> None:
    addresses = {channel["address"] for channel in MESSAGES["channels"].values()}
    sockets = {route.path.rstrip("/") for route in ROUTES if isinstance(route, WebSocketRoute)}
    assert sockets <= addresses


def test_the_openapi_document_is_valid() -> None:
    openapi_spec_validator.validate(HTTP)
    assert HTTP["openapi"].startswith("3.1.")


@pytest.mark.parametrize("document", [MESSAGES, BUS], ids=["gateway", "bus"])
def test_the_asyncapi_documents_are_valid(document: Any) -> None:
    schema = json.loads(ASYNCAPI.read_text())
    fault = jsonschema.exceptions.best_match(Draft7Validator(schema).iter_errors(document))
    assert fault is None, fault


@pytest.mark.parametrize("document", [HTTP, MESSAGES, BUS], ids=["http", "messages", "bus"])
def test_every_reference_leads_to_something(document: Any) -> None:
    found = set(references(document))
    assert found
    for one in found:
        assert resolve(document, one)


def test_the_schemas_of_messages_are_schemas() -> None:
    for schema in MESSAGES["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_says_what_it_does() -> None:
    silent = [(method, path) for method, path, one in operations() if len(one["summary"]) < 5]
    assert silent == []


def test_every_id_is_there_once_and_every_link_leads_to_one() -> None:
    ids = [one["operationId"] for _, _, one in operations()]
    links = {
        link["operationId"]
        for _, _, one in operations()
        for answer in one["responses"].values()
        for link in answer.get("links", {}).values()
    }
    assert len(ids) == len(set(ids))
    assert links
    assert links <= set(ids)


def test_every_placeholder_of_a_path_is_a_parameter() -> None:
    for _, path, one in operations():
        named = {each["name"] for each in one.get("parameters", ()) if each["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path)), path


def test_every_example_is_what_its_schema_says() -> None:
    checked = 0
    for _, path, one in operations():
        for content in one.get("requestBody", {}).get("content", {}).values():
            schema = {**content["schema"], "components": HTTP["components"]}
            for name, example in content.get("examples", {}).items():
                faults = list(Draft202012Validator(schema).iter_errors(example["value"]))
                assert not faults, (path, name, faults)
                checked += 1
        for parameter in one.get("parameters", ()):
            if "example" in parameter:
                Draft202012Validator(parameter["schema"]).validate(parameter["example"])
                checked += 1
    assert checked > 50


def test_an_operation_names_the_scope_that_the_table_of_access_demands() -> None:
    told = documents.http(ROUTES, cookie="lensbus_0")
    for chapter in documents.CHAPTERS:
        for one in chapter.operations:
            rule = rule_of(one.served_by)
            scope = rule.read if one.method in SAFE else rule.act
            made = told["paths"][one.path][one.method.lower()]
            scopes = {word for way in made["security"] for words in way.values() for word in words}
            assert scopes == ({scope.word} if scope is not None else set())
            assert ("401" in made["responses"]) == (scope is not None or one.id == "signIn")


def test_a_request_may_be_one_too_many_unless_it_is_for_a_stream_or_for_health() -> None:
    unlimited = {one["operationId"] for _, _, one in operations() if "429" not in one["responses"]}
    assert unlimited == {
        *("streamEvents", "streamCameraEvents", "streamLiveView", "streamPictures"),
        *("getLivez", "getReadyz"),
    }


def test_nobody_has_to_show_a_token_where_none_is_demanded() -> None:
    open_doors = [one for _, _, one in operations() if one["security"]]
    assert open_doors
    assert all({} in one["security"] for one in open_doors)


def wire_rows() -> dict[str, str]:
    """Return the rows of the table of kinds in WIRE.md, one for each kind."""
    text = (ROOT / "proto" / "WIRE.md").read_text()
    section = text.partition("\n## 8. Kinds")[2].partition("\n## 9.")[0]
    rows = {}
    for names, rest in re.findall(r"^\| ((?:`[\w.]+`(?:, )?)+) \| (.+) \|$", section, re.MULTILINE):
        for name in re.findall(r"`([\w.]+)`", names):
            rows[name] = rest
    return rows


def test_the_table_of_kinds_is_that_of_the_wire() -> None:
    rows = wire_rows()
    assert set(rows) == set(KINDS)
    for name, kind in KINDS.items():
        named = set(re.findall(r"`([^`]+)`", rows[name]))
        assert {key.rstrip("?") for key in kind.fields} <= named, name


def test_the_bus_is_told_without_a_gateway(capsys: pytest.CaptureFixture[str]) -> None:
    asyncapi.main()
    told = json.loads(capsys.readouterr().out)
    assert set(KINDS) <= set(told["components"]["messages"])
    assert "gateway" not in told["servers"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is missing")
def test_types_for_a_page_are_made_from_the_contract(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(HTTP))
    (tmp_path / "page.ts").write_text(PAGE)
    for command in (
        ("npm", "install", "--silent", "--ignore-scripts", "openapi-typescript@7", "typescript@5"),
        ("npx", "openapi-typescript", "openapi.json", *("-o", "lensbus.d.ts"), TAKES_DEFAULTS),
        ("npx", "tsc", "--noEmit", "--strict", "page.ts"),
    ):
        subprocess.run(command, cwd=tmp_path, check=True, timeout=300)
