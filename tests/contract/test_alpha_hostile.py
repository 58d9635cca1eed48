"""A15: whatever a camera says, one event stays one event, and its data is JSON."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from kit.fake_broker import FakeBroker
from kit.gateway import Wire, event, running_gateway
from lensbus_gateway.alpha.routes import routes
from lensbus_proto.runtime.settings import Settings

TEXTS = (
    "\r\n\r\nevent: connected\r\ndata: {}\r\n\r\n",
    "\n\nevent: x\ndata: 1\n\n",
    "\r\rid: 1\r\r",
    "\x00\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\ufeff",
    '"}\\',
    "</script><script>",
    "\U0001f4f7 é \ud7ff",
    "0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    "x" * 20_000,
)
BODIES: tuple[dict[str, Any], ...] = (
    *({"filename": text, "savedPath": text} for text in TEXTS),
    *({text[:100]: 1} for text in TEXTS),
    {"message": b"\xff\n\n\x00", "code": float("nan"), "value": float("inf")},
    {"cameraId": "someone else\n\nevent: x", "epoch": "x", "seq": [], "timeUs": {}},
    {"deep": {"list": [TEXTS[0], {"more": TEXTS[1]}]}},
    {"event": "x", "data": "y", "id": "z", "retry": 1},
)


def as_a_browser(text: str) -> list[tuple[str, str]]:
    """Return name and data of each event, by the rules of the HTML standard."""
    events = []
    name, data = "message", []
    for line in re.split("\r\n|\r|\n", text):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                events.append((name, "\n".join(data)))
            name, data = "message", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
    return events


@pytest.mark.parametrize("path", ["/api/events", "/api/cameras/CAM1/events", "/api/events?ids=0"])
def test_a15_one_event_stays_one_event(settings: Settings, bus: FakeBroker, path: str) -> None:
    with running_gateway(settings, routes) as gateway, Wire(gateway.address) as wire:
        bus.until_read()
        wire.request(path)
        wire.head()
        read = wire.chunk()
        sent = [
            replace(event("CAM1", "downloadComplete", number), data=body)
            for number, body in enumerate(BODIES, start=1)
        ]
        bus.publish(*sent, event("CAM1", "warning", len(sent) + 1, code="end"))
        while b'"code":"end"' not in read:
            read += wire.chunk()

    assert read.isascii()
    (first, _), *events, (last, _) = as_a_browser(read.decode("ascii"))
    assert (first, last) == ("connected", "warning")
    assert [name for name, _ in events] == ["downloadComplete"] * len(BODIES)
    for number, (body, (_, data)) in enumerate(zip(BODIES, events, strict=True), start=1):
        told = json.loads(data, parse_constant=pytest.fail)
        assert (told["cameraId"], told["seq"], told["epoch"]) == ("CAM1", number, 7)
        for key, value in body.items():
            if isinstance(value, str) and key not in ("cameraId", "epoch"):
                assert told[key] == value
