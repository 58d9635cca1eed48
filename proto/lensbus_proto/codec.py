"""Messages to parts and parts to messages, exactly as WIRE.md says.

The one module that touches msgpack (which has no types). Whatever the bytes are, reading raises
`RemoteProtocolError` and nothing else.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]  # the package ships no types

from lensbus_proto import WIRE_VERSION
from lensbus_proto.errors import LocalProtocolError, RemoteProtocolError
from lensbus_proto.messages import (
    DEADLINE_MS,
    Command,
    Crashes,
    Data,
    Ended,
    Event,
    Goodbye,
    Header,
    HeaderType,
    Heartbeat,
    Hello,
    Past,
    Picture,
    Reply,
)
from lensbus_proto.topics import is_camera_id, is_name, join_topic, split_topic

EVENT_LIMIT: Final = 64 * 1024
REQUEST_LIMIT: Final = 1024 * 1024
PART_LIMIT: Final = 64 * 1024 * 1024
REPLY_PARTS_LIMIT: Final = 4096  # a page of the journal has three for each event
DEADLINE_LIMIT_MS: Final = 600_000
SIGNALS_LIMIT: Final = 64  # there are no more, and the broker puts them into an event

_MAGIC: Final = 0x4C
_FROM_BROKER: Final = 0x01
_HEADER: Final = struct.Struct(">BBBBIQQQq")
HEADER_BYTES: Final = _HEADER.size
_U64: Final = 2**64 - 1


def pack_header(header: Header) -> bytes:
    """Return the 40 bytes of a header."""
    flags = _FROM_BROKER if header.from_broker else 0
    try:
        return _HEADER.pack(
            _MAGIC,
            WIRE_VERSION,
            header.type,
            flags,
            header.journal,
            header.epoch,
            header.seq,
            header.position,
            header.time_us,
        )
    except struct.error as error:
        raise LocalProtocolError(f"header does not fit: {error}") from error


def unpack_header(part: bytes, expected: HeaderType) -> Header:
    """Return the header in a part; flags that are not known here are ignored."""
    if len(part) != HEADER_BYTES:
        raise RemoteProtocolError(f"header has {len(part)} bytes, expected {HEADER_BYTES}")
    magic, version, kind, flags, journal, epoch, seq, position, time_us = _HEADER.unpack(part)
    if magic != _MAGIC or version != WIRE_VERSION:
        raise RemoteProtocolError(f"header begins with {magic:#x} version {version}")
    if kind != expected:
        raise RemoteProtocolError(f"header is of type {kind}, expected {expected.name}")
    return Header(
        type=expected,
        epoch=epoch,
        seq=seq,
        time_us=time_us,
        journal=journal,
        position=position,
        from_broker=bool(flags & _FROM_BROKER),
    )


def stamp_header(part: bytes, journal: int, position: int) -> bytes:
    """Return the header with the broker's position in it; the rest stays as it came."""
    return b"".join((part[:4], journal.to_bytes(4), part[8:24], position.to_bytes(8), part[32:]))


def pack_map(data: Data, limit: int) -> bytes:
    """Return a msgpack map of at most `limit` bytes."""
    try:
        packed: bytes = msgpack.packb(data, use_bin_type=True)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise LocalProtocolError(f"cannot be packed: {error}") from error
    if len(packed) > limit:
        raise LocalProtocolError(f"{len(packed)} bytes, the limit is {limit}")
    return packed


def unpack_map(part: bytes, limit: int) -> dict[str, Any]:
    """Return the msgpack map in a part: text keys, nothing behind it, at most `limit` bytes."""
    if len(part) > limit:
        raise RemoteProtocolError(f"{len(part)} bytes, the limit is {limit}")
    try:
        data = msgpack.unpackb(part, raw=False, strict_map_key=True)
    # msgpack raises its own family, ValueError and, for deep nesting, RecursionError.
    except (msgpack.UnpackException, ValueError, RecursionError, TypeError) as error:
        raise RemoteProtocolError(f"not msgpack: {error}") from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise RemoteProtocolError("not a map with text keys")
    return data


def pack_event(event: Event) -> list[bytes]:
    """Return the parts of an event: topic, header, body."""
    return [
        join_topic(event.camera, event.kind),
        pack_header(event.header),
        pack_map(event.data, EVENT_LIMIT),
    ]


def unpack_event(parts: Sequence[bytes]) -> Event:
    """Return the event in these parts."""
    _count(parts, 3, 3)
    camera, kind = split_topic(parts[0])
    header = unpack_header(parts[1], HeaderType.EVENT)
    return Event(camera, kind, header, unpack_map(parts[2], EVENT_LIMIT))


def pack_picture(picture: Picture) -> list[bytes]:
    """Return the parts of a picture: topic, header, info, image."""
    if len(picture.image) > PART_LIMIT:
        raise LocalProtocolError(f"image of {len(picture.image)} bytes, the limit is {PART_LIMIT}")
    return [
        join_topic(picture.camera, picture.stream),
        pack_header(picture.header),
        pack_map(picture.info, EVENT_LIMIT),
        picture.image,
    ]


def unpack_picture(parts: Sequence[bytes]) -> Picture:
    """Return the picture in these parts."""
    _count(parts, 4, 4)
    camera, stream = split_topic(parts[0])
    header = unpack_header(parts[1], HeaderType.PICTURE)
    info = unpack_map(parts[2], EVENT_LIMIT)
    return Picture(camera, stream, header, info, bytes(parts[3]))


def pack_command(command: Command) -> bytes:
    """Return the request part of a command."""
    request: dict[str, Any] = {
        "v": WIRE_VERSION,
        "id": command.id,
        "name": command.name,
        "args": command.arguments,
        "deadline_ms": command.deadline_ms,
    }
    if command.key is not None:
        request["key"] = command.key
    return pack_map(request, REQUEST_LIMIT)


def unpack_command(part: bytes) -> Command:
    """Return the command in a request part; `args` and `deadline_ms` may be left out."""
    data = unpack_map(part, REQUEST_LIMIT)
    _version(data)
    key = data.get("key")
    if key is not None and not (isinstance(key, str) and 0 < len(key) <= 128):
        raise RemoteProtocolError(f"key is {str(key)[:40]!r}, expected 1 to 128 characters")
    return Command(
        id=_text(data, "id", 128),
        name=_name(data, "name"),
        arguments=_map(data, "args") if "args" in data else {},
        deadline_ms=_int(data, "deadline_ms", 1, DEADLINE_LIMIT_MS)
        if "deadline_ms" in data
        else DEADLINE_MS,
        key=key,
    )


def pack_reply(reply: Reply) -> list[bytes]:
    """Return the parts of a reply: the answer, then files."""
    answer: dict[str, Any] = {"v": WIRE_VERSION, "id": reply.id, "ok": reply.error is None}
    if reply.error is None:
        answer["result"] = reply.result or {}
    else:
        answer["error"] = reply.error
    for part in reply.parts:
        if len(part) > PART_LIMIT:
            raise LocalProtocolError(f"part of {len(part)} bytes, the limit is {PART_LIMIT}")
    return [pack_map(answer, REQUEST_LIMIT), *reply.parts]


def unpack_reply(parts: Sequence[bytes]) -> Reply:
    """Return the reply in these parts."""
    _count(parts, 1, REPLY_PARTS_LIMIT)
    data = unpack_map(parts[0], REQUEST_LIMIT)
    _version(data)
    reply_id = _text(data, "id", 128)
    if data.get("ok") is True:
        return Reply(reply_id, result=_map(data, "result"), parts=tuple(parts[1:]))
    error = _map(data, "error")
    _text(error, "code", 128)
    _text(error, "message", 8192)
    if not isinstance(error.get("detail", {}), dict):
        raise RemoteProtocolError("error detail is not a map")
    return Reply(reply_id, error=error)


def pack_presence(message: Hello | Heartbeat | Goodbye) -> list[bytes]:
    """Return the parts in which a worker tells the broker about itself."""
    data: dict[str, Any] = {
        "v": WIRE_VERSION,
        "camera": message.camera,
        "epoch": message.epoch,
        "seq": message.seq,
    }
    if isinstance(message, Goodbye):
        return [b"goodbye", pack_map(data | {"reason": message.reason}, REQUEST_LIMIT)]
    data["connected"] = message.connected
    if isinstance(message, Heartbeat):
        if message.stuck:
            data["stuck"] = message.stuck
        return [b"heartbeat", pack_map(data, REQUEST_LIMIT)]
    data |= {
        "vendor": message.vendor,
        "model": message.model,
        "description": message.description,
    }
    if message.pid:
        data["pid"] = message.pid
    if message.past is not None:
        data["past"] = past_to_map(message.past)
    return [b"hello", pack_map(data, REQUEST_LIMIT)]


def unpack_presence(parts: Sequence[bytes]) -> Hello | Heartbeat | Goodbye:
    """Return what a worker tells about itself."""
    _count(parts, 2, 2)
    data = unpack_map(parts[1], REQUEST_LIMIT)
    _version(data)
    camera = data.get("camera")
    if not isinstance(camera, str) or not is_camera_id(camera):
        raise RemoteProtocolError(f"camera is {str(camera)[:40]!r}, expected a camera id")
    epoch, seq = _int(data, "epoch", 1, _U64), _int(data, "seq", 0, _U64)
    match parts[0]:
        case b"goodbye":
            return Goodbye(camera, epoch, seq, _text(data, "reason", 1024))
        case b"heartbeat":
            stuck = _text(data, "stuck", 128) if "stuck" in data else ""
            return Heartbeat(camera, epoch, seq, _bool(data, "connected"), stuck)
        case b"hello":
            return Hello(
                camera=camera,
                epoch=epoch,
                seq=seq,
                vendor=_name(data, "vendor"),
                model=_text(data, "model", 256),
                connected=_bool(data, "connected"),
                description=_map(data, "description"),
                pid=_int(data, "pid", 1, _U64) if "pid" in data else 0,
                past=past_from_map(_map(data, "past")) if "past" in data else None,
            )
        case other:
            raise RemoteProtocolError(f"workers do not say {other[:40]!r}")


def past_to_map(past: Past) -> dict[str, Any]:
    """Return the map for what is known of a camera's earlier workers."""
    crashes = [crashes_to_map(one) for one in past.crashes]
    return {"ended": ended_to_map(past.ended), "crashes": crashes}


def ended_to_map(ended: Ended) -> dict[str, Any]:
    """Return the map for how one worker ended."""
    how = {"signal": ended.signal} if ended.signal else {"code": ended.code}
    return {"pid": ended.pid, "time_us": ended.time_us, **how}


def crashes_to_map(crashes: Crashes) -> dict[str, Any]:
    """Return the map for the crashes by one signal."""
    return {"signal": crashes.signal, "count": crashes.count, "time_us": crashes.time_us}


def past_from_map(data: Mapping[str, Any]) -> Past:
    """Return what a map says of a camera's earlier workers."""
    ended, crashes = _map(data, "ended"), data.get("crashes")
    if not isinstance(crashes, list) or not all(isinstance(one, dict) for one in crashes):
        raise RemoteProtocolError(f"crashes is {str(crashes)[:40]!r}, expected a list of maps")
    if len(crashes) > SIGNALS_LIMIT:
        raise RemoteProtocolError(f"{len(crashes)} crashes, the limit is {SIGNALS_LIMIT}")
    return Past(
        Ended(
            pid=_int(ended, "pid", 1, _U64),
            time_us=_int(ended, "time_us", 0, _U64),
            signal=_name(ended, "signal") if "signal" in ended else "",
            code=0 if "signal" in ended else _int(ended, "code", 0, 255),
        ),
        tuple(
            Crashes(
                signal=_name(one, "signal"),
                count=_int(one, "count", 1, _U64),
                time_us=_int(one, "time_us", 0, _U64),
            )
            for one in crashes
        ),
    )


def _count(parts: Sequence[bytes], least: int, most: int) -> None:
    if not least <= len(parts) <= most:
        raise RemoteProtocolError(f"{len(parts)} parts, expected {least} to {most}")


def _version(data: Mapping[str, Any]) -> None:
    if data.get("v") != WIRE_VERSION:
        raise RemoteProtocolError(f"version {str(data.get('v'))[:40]}, expected {WIRE_VERSION}")


def _text(data: Mapping[str, Any], key: str, limit: int) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise RemoteProtocolError(
            f"{key} is {str(value)[:40]!r}, expected text of 1 to {limit} characters"
        )
    return value


def _name(data: Mapping[str, Any], key: str) -> str:
    value = _text(data, key, 64)
    if not is_name(value):
        raise RemoteProtocolError(f"{key} is {value[:40]!r}, expected a name")
    return value


def _int(data: Mapping[str, Any], key: str, least: int, most: int) -> int:
    value = data.get(key)
    if type(value) is not int or not least <= value <= most:
        raise RemoteProtocolError(
            f"{key} is {str(value)[:40]!r}, expected an integer from {least} to {most}"
        )
    return value


def _bool(data: Mapping[str, Any], key: str) -> bool:
    value = data.get(key)
    if not isinstance(value, bool):
        raise RemoteProtocolError(f"{key} is {str(value)[:40]!r}, expected a boolean")
    return value


def _map(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    if not isinstance(value, dict):
        raise RemoteProtocolError(f"{key} is {str(value)[:40]!r}, expected a map")
    return value
