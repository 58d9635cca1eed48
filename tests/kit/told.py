"""What a system has told, judged by the table of kinds: its journal, read from the disk."""

import functools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from lensbus_broker.records import unpack_record
from lensbus_broker.segments import SUFFIX, read_head, scan_file
from lensbus_proto.codec import unpack_event
from lensbus_proto.kinds import KINDS
from lensbus_proto.messages import Event

MOST: Final = 300  # of each kind are looked at; storms tell thousands


def close(node: Any) -> None:
    """Have every object with named members hold no others."""
    if isinstance(node, list):
        for one in node:
            close(one)
    elif isinstance(node, dict):
        members = node.get("properties")
        if isinstance(members, dict) and node.get("type", "object") == "object":
            node.setdefault("additionalProperties", False)
            close(list(members.values()))  # one of them may be called `properties`
        close([one for key, one in node.items() if key != "properties"])


@functools.cache
def validator(kind: str) -> Draft202012Validator:
    """Return what finds the faults in the body of a kind; it may hold no other keys."""
    schema: dict[str, Any] = KINDS[kind].schema()
    close(schema)
    return Draft202012Validator(schema)


def faults(kind: str, body: Any) -> list[str]:
    """Return what is wrong with the body of an event; a kind that nobody knows has none."""
    if kind not in KINDS:
        return []
    return [error.message for error in validator(kind).iter_errors(body)]


def events(state: Path) -> Iterator[Event]:
    """Yield the events that the journal of a state folder keeps."""
    for path in sorted((state / "journal").glob(f"*{SUFFIX}")):
        segment = read_head(path)
        for _, record in scan_file(segment) if segment else ():
            yield unpack_event(unpack_record(record))


def wrongly_told(state: Path) -> list[tuple[str, str]]:
    """Return kind and fault of whatever a system has told that the table does not allow."""
    seen: Counter[str] = Counter()
    found = []
    for event in events(state):
        seen[event.kind] += 1
        if seen[event.kind] <= MOST:
            found += [(event.kind, fault) for fault in faults(event.kind, event.data)]
    return found
