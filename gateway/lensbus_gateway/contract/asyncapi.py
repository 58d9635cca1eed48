"""The AsyncAPI document: the bus as `lensbus_proto` tells it, event streams and WebSockets.

The payload of an event on a stream is the body on the bus and where it stands in the order.
"""

from collections.abc import Mapping
from typing import Any, Final

from lensbus_gateway.console.watch import TOPIC_LIMIT
from lensbus_gateway.robopipe.routes import STREAM as ONE_STREAM
from lensbus_proto import asyncapi
from lensbus_proto.asyncapi import channel, message, operation
from lensbus_proto.cursor import TEXT as CURSOR_TEXT
from lensbus_proto.kinds import (
    CAMERA,
    COUNT,
    CRASHES,
    FLAG,
    KINDS,
    NUMBER,
    OBJECT,
    TEXT,
    VENDOR,
    map_of,
    one_of,
    or_nil,
)

JSON: Final = "application/json"
SSE: Final = "sse."  # before the name of a message on an event stream
OWN: Final = "stream."  # before the name of what a stream says of itself
EVERYBODY: Final = {"const": "*"}
CURSOR: Final = {"type": "string", "pattern": f"^{CURSOR_TEXT.pattern}$"}

Schema = Mapping[str, Any]

# What every event on a stream has besides the body of its kind.
PLACE: Final[Mapping[str, Schema]] = {
    "cameraId": CAMERA,
    "epoch": COUNT,
    "seq": COUNT,
    "timeUs": {"type": "integer", "description": "Unix microseconds at which it was seen"},
}

ENTRY: Final = map_of(
    {
        "camera": CAMERA,
        "vendor": VENDOR,
        "model": TEXT,
        "state": one_of("present", "silent", "lost"),
        "connected": FLAG,
        "epoch": COUNT,
        "seq": COUNT,
        "description": OBJECT,
        "stuck?": TEXT,
        "crashes?": CRASHES,
    }
)

# What a stream says of itself: meaning, and what is in it.
STREAMED: Final[Mapping[str, tuple[str, Schema]]] = {
    "connected": (
        "The first of every stream; says nothing about a camera.",
        map_of({"cameraId": TEXT}),
    ),
    "resumed": (
        "To who brings a cursor: after which place the replay begins.",
        map_of({"cameraId": EVERYBODY, "from": CURSOR, "complete": FLAG}),
    ),
    "gap": (
        "Events are gone for good; count is null if nobody knows how many.",
        map_of(
            {
                "cameraId": EVERYBODY,
                "count": or_nil(COUNT),
                "from": or_nil(CURSOR),
                "to": CURSOR,
                "reason": one_of("expired", "unknown", "degraded", "unanswered"),
            }
        ),
    ),
    "heartbeat": (
        "A sign of life and a bookmark, if it was asked for.",
        map_of({"cameraId": EVERYBODY, "timeUs": COUNT}),
    ),
    "snapshot": (
        "The state of every camera, if it was asked for.",
        map_of({"cameraId": EVERYBODY, "cameras": {"type": "array", "items": ENTRY}}),
    ),
    "busy": ("Too many clients: come back later.", map_of({"cameraId": EVERYBODY})),
}

FINDINGS: Final = map_of(
    {
        "detections": {
            "type": "array",
            "items": {
                "anyOf": [
                    NUMBER,
                    map_of(
                        {
                            "label": {"type": "integer"},
                            "confidence": NUMBER,
                            "coords": {"type": "array", "items": NUMBER},
                            "spatial_coords?": map_of({"x": NUMBER, "y": NUMBER, "z": NUMBER}),
                        }
                    ),
                ]
            },
        },
        "seq": COUNT,
        "ts_us": COUNT,
        "running": FLAG,
        "mask_width?": COUNT,
        "mask_height?": COUNT,
        "masks_png?": {**TEXT, "contentEncoding": "base64"},
    }
)

AGE: Final = map_of({"seq": COUNT, "time_us": COUNT, "age_ms": NUMBER})

_ONE: Final = {"camera": {"description": "the id of a camera"}}
_OF_OAK: Final = {
    "mxid": {"description": "the id of an OAK camera"},
    "stream_name": {"description": "one of its streams"},
}
_SOCKET: Final = {"bindings": {"ws": {"method": "GET"}}}


def streamed(kind: str) -> dict[str, Any]:
    """Return the schema of an event of some kind as clients of a stream get it."""
    known = KINDS[kind]
    return {**map_of({**known.fields, **PLACE}), "description": known.meaning}


def document(version: str) -> dict[str, Any]:
    """Return the whole document."""
    made = asyncapi.bus(version)
    made["servers"]["gateway"] = {
        "host": "127.0.0.1:8080",
        "protocol": "http",
        "description": "Server-Sent Events",
    }
    made["servers"]["sockets"] = {"host": "127.0.0.1:8080", "protocol": "ws"}
    made["channels"] |= _channels()
    made["operations"] |= _operations()
    components = made["components"]
    components["schemas"] |= {
        **{SSE + kind: streamed(kind) for kind in KINDS},
        **{
            OWN + name: {**schema, "description": meaning}
            for name, (meaning, schema) in STREAMED.items()
        },
        "findings": FINDINGS,
        "age": AGE,
        "wish": {"type": "string", "maxLength": TOPIC_LIMIT, "pattern": "^[^/]+/."},
        "bytes": {"type": "string", "format": "binary"},
    }
    components["messages"] |= _messages()
    return made


def _channels() -> dict[str, Any]:
    told = {name: SSE + name for name in KINDS} | {OWN + name: OWN + name for name in STREAMED}
    return {
        "eventStream": channel("gateway", "/api/events", "Events of all cameras", told),
        "cameraEventStream": channel(
            "gateway",
            "/api/cameras/{camera}/events",
            "Events of one camera",
            told,
            parameters=_ONE,
        ),
        "video": channel(
            "sockets",
            f"{ONE_STREAM}/video",
            "Live video",
            {"film": "film", "age": "age"},
            parameters=_OF_OAK,
            **_SOCKET,
        ),
        "findings": channel(
            "sockets",
            f"{ONE_STREAM}/nn",
            "What a neural network finds",
            {"findings": "findings"},
            parameters=_OF_OAK,
            **_SOCKET,
        ),
        "pagePictures": channel(
            "sockets",
            "/console/pictures",
            "All pictures of a page",
            {"wish": "wish", "pagePicture": "pagePicture"},
            **_SOCKET,
        ),
    }


def _operations() -> dict[str, Any]:
    return {
        "streamEvents": operation("send", "eventStream", "Events of all cameras, in one order."),
        "streamCameraEvents": operation("send", "cameraEventStream", "Events of one camera."),
        "showVideo": operation("send", "video", "The newest picture, whenever it can be taken."),
        "showFindings": operation("send", "findings", "What is found in the newest picture."),
        "takeWishes": operation(
            "receive",
            "pagePictures",
            "A page names a stream whenever it can take its next picture.",
            messages=[{"$ref": "#/channels/pagePictures/messages/wish"}],
        ),
        "showPagePictures": operation(
            "send",
            "pagePictures",
            "The newest picture of that stream.",
            messages=[{"$ref": "#/channels/pagePictures/messages/pagePicture"}],
        ),
    }


def _messages() -> dict[str, Any]:
    place = {
        "headers": {
            "type": "object",
            "properties": {"id": {**CURSOR, "description": "where a client can go on from"}},
        }
    }
    return {
        **{
            SSE + name: message(name, kind.meaning, SSE + name, JSON, **place)
            for name, kind in KINDS.items()
        },
        **{
            OWN + name: message(name, meaning, OWN + name, JSON, **place)
            for name, (meaning, _) in STREAMED.items()
        },
        "findings": message("findings", "One text for each picture", "findings", JSON),
        "film": message(
            "film",
            "First the beginning of an MP4 file, then a fragment for each picture",
            "bytes",
            "video/mp4",
        ),
        "age": message("age", "How old the next picture is, with `?age=1`", "age", JSON),
        "wish": message("wish", "A camera and a stream: `<camera>/<stream>`", "wish", "text/plain"),
        "pagePicture": message(
            "pagePicture",
            "A line of JSON (topic, seq, time_us, age_ms), then the JPEG; without one none came",
            "bytes",
            "application/octet-stream",
        ),
    }
