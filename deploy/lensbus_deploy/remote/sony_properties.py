"""Properties of Sony cameras."""

import time
from typing import Any, Final
from urllib.parse import quote

from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.system import System, explain, refusal
from lensbus_deploy.remote.values import Value

CHANGE_S: Final = 3.0
LOOK_S: Final = 0.02


def read_all(system: System, camera: str) -> list[Value]:
    """Return every property that the camera has."""
    found = system.get("GET", f"/api/cameras/{camera}/properties/all")["data"]["properties"]
    return [_of_all(name, entry) for name, entry in sorted(found.items())]


def read(system: System, camera: str, name: str) -> Value:
    """Return one property."""
    answer = system.ask("GET", f"/api/cameras/{camera}/properties/{quote(name, safe='')}")
    if answer.status == 400 and _is_unknown(answer.json()):
        raise _unknown(camera, name)
    if answer.status != 200:
        raise refusal(system, answer)
    data = answer.json()["data"]
    if data.get("value", "") == "":
        raise Failure(Code.UNKNOWN, f"{camera} has no {name} in its present state")
    choices = tuple(entry["formatted"] for entry in data.get("available_values") or ())
    shown = data.get("formatted") or data["value"]
    return Value(data["property"], data["value"], shown, bool(data.get("writable")), choices)


def write(system: System, camera: str, name: str, text: str) -> Value:
    """Set one property and return it as it is then."""
    path = f"/api/cameras/{camera}/properties/{quote(name, safe='')}"
    answer = system.ask("PUT", path, {"value": text})
    if answer.status == 400 and _is_unknown(answer.json()):
        raise _unknown(camera, name)
    if answer.status != 200:
        raise refusal(system, answer)
    return _wait(system, camera, name, (text, answer.json()["data"].get("value")))


def _wait(system: System, camera: str, name: str, wanted: tuple[str, str | None]) -> Value:
    """Return the property once it is what was wanted: a body accepts first, then changes."""
    limit = time.monotonic() + CHANGE_S
    while True:
        now = read(system, camera, name)
        if now.value in wanted or now.shown in wanted:
            return now
        if time.monotonic() > limit:
            sentence = f"{camera} took {wanted[0]} for {name}, and it is {now.shown} all the same"
            raise Failure(Code.FAILED, f"{sentence}: look at the camera's own display")
        time.sleep(LOOK_S)


def _of_all(name: str, entry: dict[str, Any]) -> Value:
    choices = tuple(choice["formatted"] for choice in entry.get("available_values") or ())
    shown = entry.get("current_formatted") or entry.get("current_hex_value") or ""
    value = entry.get("current_hex_value")
    return Value(name, value, shown, bool(entry.get("writable")), choices)


def _is_unknown(body: Any) -> bool:
    return explain(body).startswith("Unknown property")


def _unknown(camera: str, name: str) -> Failure:
    sentence = f"there is no property {name}: `lensbus get {camera}` lists those that there are"
    return Failure(Code.UNKNOWN, sentence)
