"""Values of OAK cameras: controls and configs of their streams, and their lights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.system import System
from lensbus_deploy.remote.values import Value, text_of, value_of

LIGHTS: Final = "ir"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group of values is read and written."""

    title: str
    path: str
    whole: bool  # it is written whole, not only with what changes

    def read(self, system: System) -> dict[str, Any]:
        """Return the group as it is now; empty where the camera has none."""
        return system.get("GET", self.path) or {}


def read_all(system: System, camera: str) -> list[Value]:
    """Return the values of every stream that is on, and of the lights."""
    places = [
        place
        for stream in system.get("GET", f"/cameras/{camera}/streams")
        if stream["active"]
        for place in _of_stream(camera, stream["name"])
    ]
    places.append(_lights(camera))
    return [value for place in places for value in _flat(place.title, place.read(system))]


def read(system: System, camera: str, name: str) -> Value:
    """Return one value."""
    place, keys = _find(system, camera, name)
    content: Any = place.read(system)
    for key in keys:
        content = content[key]
    return Value(name, content, text_of(content))


def write(system: System, camera: str, name: str, text: str) -> Value:
    """Set one value and return it as it is then."""
    place, keys = _find(system, camera, name)
    group = place.read(system)
    # An object inside, as `focus`, is replaced whole: its other values would fall back.
    changed = _replaced(group, keys, value_of(text))
    system.get("POST", place.path, changed if place.whole else {keys[0]: changed[keys[0]]})
    return read(system, camera, name)


def _find(system: System, camera: str, name: str) -> tuple[Place, list[str]]:
    title, *keys = name.split(".")
    if title == LIGHTS:
        places = [_lights(camera)]
    else:
        names = [stream["name"] for stream in system.get("GET", f"/cameras/{camera}/streams")]
        if title not in names:
            raise Failure(
                Code.UNKNOWN,
                f"{camera} has no stream {title}: it has {', '.join(names)}, and {LIGHTS}",
            )
        places = _of_stream(camera, title)
    if keys:
        for place in places:
            if _has(place.read(system), keys):
                return place, keys
    sentence = f"there is no value {name}: `lensbus get {camera}` lists those that there are"
    raise Failure(Code.UNKNOWN, sentence)


def _of_stream(camera: str, stream: str) -> list[Place]:
    path = f"/cameras/{camera}/streams/{stream}"
    control = Place(stream, f"{path}/control", whole=False)
    config = Place(stream, f"{path}/config", whole=True)
    return [control, config]


def _lights(camera: str) -> Place:
    return Place(LIGHTS, f"/cameras/{camera}/ir", whole=True)


def _has(group: Mapping[str, Any], keys: list[str]) -> bool:
    content: Any = group
    for key in keys:
        if not isinstance(content, Mapping) or key not in content:
            return False
        content = content[key]
    return True


def _replaced(group: Mapping[str, Any], keys: list[str], value: Any) -> dict[str, Any]:
    first, *rest = keys
    inner = _replaced(group[first], rest, value) if rest else value
    return {**group, first: inner}


def _flat(title: str, group: Mapping[str, Any]) -> Iterator[Value]:
    for key, content in group.items():
        name = f"{title}.{key}"
        if isinstance(content, Mapping):
            yield from _flat(name, content)
        else:
            yield Value(name, content, text_of(content))
