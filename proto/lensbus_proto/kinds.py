"""The kinds of events and what is in them: the table of WIRE.md section 8, for programs.

Bodies are JSON Schemas. They leave room: readers pass over keys that they do not know. A key that
ends in `?` may be left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lensbus_proto.topics import CAMERA_ID, NAME

Schema = Mapping[str, Any]

ALL: Final = "all"
SONY: Final = "sony"
OAK: Final = "oak"
BROKER: Final = "broker"

TEXT: Final[Schema] = {"type": "string"}
FLAG: Final[Schema] = {"type": "boolean"}
NUMBER: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
HEX: Final[Schema] = {"type": "string", "pattern": "^0x[0-9a-fA-F]+$"}
SHA256: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
CAMERA: Final[Schema] = {"type": "string", "pattern": f"^{CAMERA_ID.pattern}$"}
STREAM: Final[Schema] = {"type": "string", "pattern": f"^{NAME.pattern}$"}
CAPTURE: Final[Schema] = {
    **COUNT,
    "description": "the number of the trigger, as the answer to it told",
}
OBJECT: Final[Schema] = {"type": "object"}
VENDOR: Final[Schema] = {
    **TEXT,
    "description": "`sony` or `oak`; of a worker that is none of ours what it calls itself",
}
ENDED: Final[Schema] = {
    "type": "object",
    "properties": {
        "pid": COUNT,
        "time_us": COUNT,
        "signal": {**TEXT, "description": "the signal that ended it, as `SIGSEGV`"},
        "code": {"type": "integer", "description": "its exit code, where no signal ended it"},
    },
    "required": ["pid", "time_us"],
    "description": "how the process of the worker before ended",
}
CRASHES: Final[Schema] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"signal": TEXT, "count": COUNT, "time_us": COUNT},
        "required": ["signal", "count", "time_us"],
    },
    "description": "crashes of this camera's workers by signal, since the process manager began",
}


def one_of(*words: str) -> Schema:
    """Return the schema of a text that is one of some words."""
    return {"type": "string", "enum": list(words)}


def or_nil(schema: Schema) -> Schema:
    """Return the schema of what may be nil instead."""
    return {**schema, "type": [schema["type"], "null"]}


def map_of(fields: Mapping[str, Schema]) -> dict[str, Any]:
    """Return the schema of a map with these keys."""
    made: dict[str, Any] = {
        "type": "object",
        "properties": {key.rstrip("?"): dict(schema) for key, schema in fields.items()},
    }
    required = [key for key in fields if not key.endswith("?")]
    return {**made, "required": required} if required else made


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event: whose workers tell it, what happened, what is in its body."""

    name: str
    sources: tuple[str, ...]
    meaning: str
    fields: Mapping[str, Schema]

    def schema(self) -> dict[str, Any]:
        """Return the schema of its body."""
        return {**map_of(self.fields), "description": self.meaning}


def _kind(name: str, source: str | tuple[str, ...], meaning: str, **fields: Schema) -> Kind:
    return _kind_of(name, source, meaning, fields)


def _kind_of(
    name: str, source: str | tuple[str, ...], meaning: str, fields: Mapping[str, Schema]
) -> Kind:
    return Kind(name, (source,) if isinstance(source, str) else source, meaning, fields)


_FILE: Final[Mapping[str, Schema]] = {
    "filename": TEXT,
    "savedPath": TEXT,
    "size": COUNT,
    "sha256": SHA256,
}

_LINK: Final = (
    _kind("connected", ALL, "The camera can be used.", id=CAMERA, model=TEXT),
    _kind(
        "disconnected",
        (ALL, BROKER),
        "The camera cannot be used any more.",
        id=CAMERA,
        error=HEX,
        errorCode=HEX,
        reason=TEXT,
    ),
    _kind_of(
        "error",
        ALL,
        "Something went wrong that nobody had asked for.",
        {
            "code": {
                "type": "string",
                "pattern": "^(0x[0-9a-f]{8}|[a-z]+(\\.[a-z_]+)?)$",
                "description": "the vendor's number, or a code of WIRE.md section 6",
            },
            "message": TEXT,
            "operation?": TEXT,
        },
    ),
    _kind("reconnecting", SONY, "The SDK brings a lost connection back."),
    _kind("reconnected", SONY, "It is back."),
)

_SONY: Final = (
    _kind(
        "propertyChanged",
        SONY,
        "Properties have other values, or others can be set.",
        codes={"type": "array", "items": HEX, "minItems": 1},
        count=COUNT,
    ),
    _kind_of(
        "afStatus",
        SONY,
        "The focus was found, lost or follows.",
        {
            "state": one_of("focused", "unlocked", "tracking"),
            "detail?": TEXT,
            "source": one_of("OnWarning", "OnWarningExt"),
        },
    ),
    _kind_of(
        "warning",
        SONY,
        "What the SDK warns of; 0x20011 is an exposure.",
        {"code": HEX, "message": TEXT, "capture?": CAPTURE},
    ),
    _kind_of(
        "downloadComplete",
        SONY,
        "A whole file is on the rack.",
        {**_FILE, "type": one_of("image", "settings"), "capture?": CAPTURE},
    ),
    _kind_of(
        "transferProgress",
        SONY,
        "A pull from the card is on its way, or at its end.",
        {
            "percent": {**COUNT, "maximum": 100},
            "notify": HEX,
            "contentId": COUNT,
            "fileId": COUNT,
            "filename": TEXT,
            "savedPath": TEXT,
            "size?": COUNT,
            "sha256?": SHA256,
            "error?": TEXT,
        },
    ),
    _kind_of(
        "contentsTransfer",
        SONY,
        "A pull in the mode contents.",
        {
            "status": one_of("started", "complete", "error"),
            "handle": HEX,
            "files": TEXTS,
            "filename?": TEXT,
            "savedPath?": TEXT,
            "size?": COUNT,
            "sha256?": SHA256,
        },
    ),
    _kind_of(
        "transfer.failed",
        SONY,
        "A file will not come, and nothing of it is left.",
        {
            "code": one_of(
                *("transfer.cut", "disk.full", "camera.gone", "camera.timeout"),
                "transfer.unusable",
            ),
            "message": TEXT,
            "filename": TEXT,
            "contentId?": COUNT,
            "fileId?": COUNT,
            "what?": one_of("file", "thumbnail", "screennail"),
            "capture?": CAPTURE,
        },
    ),
    _kind(
        "capture.not_exposed",
        SONY,
        "The camera accepted this trigger and nothing came of it in time.",
        capture=CAPTURE,
        method=TEXT,
    ),
    _kind(
        "capture.unknown",
        SONY,
        "The connection ended before it was known what came of this trigger.",
        capture=CAPTURE,
        method=TEXT,
        reason=TEXT,
    ),
    _kind_of(
        "lutImportResult",
        SONY,
        "A look-up table was taken, or not.",
        {
            "slot": or_nil({"type": "integer"}),
            "success": FLAG,
            "status": TEXT,
            "error?": TEXT,
        },
    ),
    _kind_of(
        "formatResult",
        SONY,
        "A card was formatted, or not.",
        {"success": FLAG, "canceled?": FLAG},
    ),
    _kind("focusResult", SONY, "The end of a focus command.", success=FLAG),
    _kind(
        "settingsResult",
        SONY,
        "The camera's settings were read or saved, or not.",
        operation=one_of("read", "save"),
        success=FLAG,
    ),
    _kind("cautionDisplay", SONY, "The camera shows a caution.", message=TEXT),
    _kind(
        "operationResult",
        SONY,
        "What the SDK says of the end of an operation.",
        operation=TEXT,
        result=TEXT,
    ),
)

_OAK: Final = (
    *(
        _kind(
            name,
            OAK,
            f"A stream was switched {how}.",
            stream=STREAM,
            reason=one_of("request", "exclusion"),
        )
        for name, how in (("streamActivated", "on"), ("streamDeactivated", "off"))
    ),
    _kind(
        "configChanged", OAK, "A stream is read out in another way.", stream=STREAM, config=OBJECT
    ),
    _kind(
        "controlChanged",
        OAK,
        "A sensor is controlled in another way.",
        stream=STREAM,
        control=OBJECT,
    ),
    _kind("networkDeployed", OAK, "A network looks at a stream.", stream=STREAM, type=TEXT),
    _kind("networkRemoved", OAK, "No network looks at it any more.", stream=STREAM),
    _kind(
        "stillCaptured",
        OAK,
        "Somebody was given a still.",
        stream=STREAM,
        format=TEXT,
        width=COUNT,
        height=COUNT,
        size=COUNT,
    ),
    _kind(
        "stale",
        OAK,
        "A watched stream gives no pictures; not told again until `fresh`.",
        stream=STREAM,
        silent_ms=COUNT,
        limit_ms=COUNT,
    ),
    _kind("fresh", OAK, "It gives pictures again.", stream=STREAM, silent_ms=COUNT),
    _kind(
        "replayChanged",
        OAK,
        "A film is shown in place of what the sensor sees, or no longer.",
        stream=STREAM,
        replay=FLAG,
        filename=or_nil(TEXT),
    ),
    _kind(
        "replayEnded", OAK, "The film has come to its end; its last picture stays.", stream=STREAM
    ),
    _kind("overTemperature", OAK, "The chip is too hot.", celsius=NUMBER, limit=NUMBER),
    _kind("temperatureNormal", OAK, "It has cooled.", celsius=NUMBER, limit=NUMBER),
    _kind("crashDump", OAK, "The device had crashed; its dump is on the rack.", path=TEXT),
)

_BUS: Final = (
    _kind(
        "gap",
        BROKER,
        "Events of a worker that nobody can supply.",
        epoch=COUNT,
        from_seq=COUNT,
        to_seq=COUNT,
        count=COUNT,
        reason=one_of("expired", "timeout", "lost"),
    ),
    _kind("journal.truncated", BROKER, "The journal's broken end is dropped.", dropped_bytes=COUNT),
    _kind(
        "journal.degraded",
        BROKER,
        "The disk is slow, full or broken: history may get a gap.",
        reason=TEXT,
    ),
    _kind("journal.recovered", BROKER, "The journal is written again."),
    _kind(
        "worker.failed",
        ALL,
        "Its workers died so often that the camera is left alone until `restart`.",
        **{"deaths": COUNT, "message": TEXT, "ended?": ENDED},
    ),
    _kind(
        "worker.started",
        BROKER,
        "A camera has a worker.",
        **{"vendor": VENDOR, "model": TEXT, "ended?": ENDED, "crashes?": CRASHES},
    ),
    _kind(
        "worker.lost",
        BROKER,
        "A worker is silent, or a newer one has its place.",
        **{"lastSeq": COUNT, "reason": one_of("silent", "replaced"), "ended?": ENDED},
    ),
    _kind("worker.stopped", BROKER, "A worker has ended in order.", lastSeq=COUNT, reason=TEXT),
)

KINDS: Final[Mapping[str, Kind]] = {one.name: one for one in (*_LINK, *_SONY, *_OAK, *_BUS)}
