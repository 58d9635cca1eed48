"""The bus as an AsyncAPI document: `python -m lensbus_proto.asyncapi` prints it.

It tells which messages there are and what is in them; what everybody owes whom is in WIRE.md.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from lensbus_proto import WIRE_VERSION
from lensbus_proto.codec import DEADLINE_LIMIT_MS
from lensbus_proto.kinds import CAMERA, COUNT, FLAG, KINDS, OBJECT, STREAM, TEXT, map_of, one_of
from lensbus_proto.messages import DEADLINE_MS

VERSION: Final = "3.0.0"
MSGPACK: Final = "application/msgpack"

Document = dict[str, Any]

ABOUT: Final = """\
Cameras on a ZeroMQ bus. A SUB socket on `events` reads what happens, one on `pictures` what \
cameras see, a REQ socket on `commands` asks. Parts of a message: topic, header (40 bytes), body \
in msgpack; behind the body of a picture its image. proto/WIRE.md has every byte.\
"""

HEADER: Final = map_of(
    {
        "journal": {**COUNT, "description": "the order that the position belongs to"},
        "epoch": {**COUNT, "description": "one life of a worker"},
        "seq": {**COUNT, "description": "counts its events from 1; 0 of the broker's own"},
        "position": {**COUNT, "description": "the place in the order of all events"},
        "time": {"type": "integer", "description": "Unix microseconds at which it was seen"},
    }
)
ID: Final = {"type": "string", "minLength": 1, "maxLength": 128}
REQUEST: Final = map_of(
    {
        "v": {"const": WIRE_VERSION},
        "id": ID,
        "name": {**STREAM, "description": "a command of WIRE.md section 9"},
        "args?": OBJECT,
        "deadline_ms?": {
            "type": "integer",
            "minimum": 1,
            "maximum": DEADLINE_LIMIT_MS,
            "default": DEADLINE_MS,
        },
        "key?": {**ID, "description": "a command with the same key acts at most once"},
    }
)
ERROR: Final = map_of(
    {
        "code": {**TEXT, "description": "see WIRE.md section 6"},
        "message": TEXT,
        "began": {**FLAG, "description": "it may have acted"},
        "vendor_code?": {"type": "integer"},
        "operation?": TEXT,
        "detail?": OBJECT,
    }
)
REPLY: Final = map_of(
    {"v": {"const": WIRE_VERSION}, "id": ID, "ok": FLAG, "result?": OBJECT, "error?": ERROR}
)
PICTURE: Final = map_of(
    {
        "format": one_of("jpeg", "h264", "json"),
        "width": COUNT,
        "height": COUNT,
        "fps?": {"type": "number", "description": "of a video"},
        "ended?": {**FLAG, "description": "the film that is shown has come to its end"},
    }
)

_CAMERA: Final = {"description": "the id of a camera, or `broker`"}


def bus(version: str) -> Document:
    """Return the document of the bus."""
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "lensbus",
            "version": version,
            "description": ABOUT,
            "license": {"name": "MIT"},
        },
        "servers": {
            "bus": {
                "host": "{state}",
                "pathname": "/run",
                "protocol": "zmq",
                "protocolVersion": "3.1",
                "description": "ZeroMQ over ipc, an endpoint for each channel (WIRE.md section 1).",
                "variables": {"state": {"description": "the state folder"}},
            }
        },
        "channels": _channels(),
        "operations": _operations(),
        "components": {"schemas": _schemas(), "messages": _messages()},
    }


def channel(
    server: str, address: str | None, title: str, messages: Mapping[str, str], **more: Any
) -> Document:
    """Return a channel of one server; `messages` are names in it, and their keys in components."""
    return {
        "address": address,
        "title": title,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {
            name: {"$ref": f"#/components/messages/{key}"} for name, key in messages.items()
        },
        **more,
    }


def operation(action: str, channel: str, summary: str, **more: Any) -> Document:
    """Return an operation: what lensbus itself sends or receives."""
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        **more,
    }


def message(name: str, summary: str, schema: str, media: str = MSGPACK, **more: Any) -> Document:
    """Return a message whose payload is one of the schemas."""
    return {
        "name": name,
        "summary": summary,
        "contentType": media,
        "payload": {"$ref": f"#/components/schemas/{schema}"},
        **more,
    }


def _channels() -> Document:
    camera = {"parameters": {"camera": _CAMERA}}
    kind = {"description": "the kind of an event", "enum": list(KINDS)}
    stream = {"description": "a stream; `h264.` before it for video, `nn.` for findings"}
    return {
        "events": channel(
            "bus",
            "{camera}/{kind}",
            "What happens",
            {name: name for name in KINDS},
            parameters={"camera": _CAMERA, "kind": kind},
        ),
        "pictures": channel(
            "bus",
            "{camera}/{stream}",
            "What cameras see, while somebody subscribes",
            {"picture": "picture"},
            parameters={"camera": _CAMERA, "stream": stream},
        ),
        "commands": channel(
            "bus",
            "{camera}",
            "One request, one reply; an empty camera is the broker",
            {"request": "request", "reply": "reply"},
            **camera,
        ),
    }


def _operations() -> Document:
    return {
        "tellEvents": operation("send", "events", "Every event of every camera, in one order."),
        "tellPictures": operation("send", "pictures", "The newest picture of a stream."),
        "answerCommands": operation(
            "receive",
            "commands",
            "Whatever is sent, exactly one reply comes.",
            messages=[{"$ref": "#/channels/commands/messages/request"}],
            reply={
                "channel": {"$ref": "#/channels/commands"},
                "messages": [{"$ref": "#/channels/commands/messages/reply"}],
            },
        ),
    }


def _schemas() -> Document:
    return {
        **{name: kind.schema() for name, kind in KINDS.items()},
        "header": HEADER,
        "request": REQUEST,
        "reply": REPLY,
        "picture": PICTURE,
        "camera": dict(CAMERA),
    }


def _messages() -> Document:
    header = {"headers": {"$ref": "#/components/schemas/header"}}
    return {
        **{
            name: message(name, kind.meaning, name, MSGPACK, tags=_tags(kind.sources), **header)
            for name, kind in KINDS.items()
        },
        "picture": message("picture", "The info of a picture; its image follows", "picture"),
        "request": message("request", "What is asked", "request"),
        "reply": message("reply", "The answer; files follow", "reply"),
    }


def _tags(sources: tuple[str, ...]) -> list[Document]:
    return [{"name": one} for one in sources]


def main() -> None:
    """Print the document."""
    text = json.dumps(bus(str(WIRE_VERSION)), indent=2)
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
