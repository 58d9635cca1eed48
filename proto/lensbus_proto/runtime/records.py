"""What a log record says besides its message: its own fields, and the ids that were known.

Ids are bound where they are known, and stand in every record below: the camera of a worker once for
its process, the command for its thread or task, the capture while the shutter is pressed. In the
logs of several processes `command_id` is the thread that leads from a request to the camera.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from lensbus_proto.runtime.masking import masked, masked_text

STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
IDS: Final = ("camera", "command_id", "capture")

_of_process: dict[str, object] = {}
_bound: ContextVar[Mapping[str, object]] = ContextVar(
    "lensbus_log_ids", default=MappingProxyType({})
)


def of_process(**ids: object) -> None:
    """Set ids for every record of this process, in all of its threads."""
    _of_process.update(ids)


def known(**ids: object) -> None:
    """Set ids for what this thread or task does from now on."""
    _bound.set({**_bound.get(), **ids})


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Set ids for what this thread or task does in the block."""
    before = _bound.set({**_bound.get(), **ids})
    try:
        yield
    finally:
        _bound.reset(before)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the `extra` fields of a record, behind them the ids that it does not name itself."""
    own = {key: value for key, value in vars(record).items() if key not in STANDARD}
    return {**own, **{key: value for key, value in _ids().items() if key not in own}}


def _ids() -> dict[str, object]:
    return {**_of_process, **_bound.get()}


class JsonFormatter(logging.Formatter):
    """One line of JSON for each record, tracebacks included.

    `time` is local time with its offset; the first 19 characters are those of a text line.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = fields_of(record)
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created)
            .astimezone()
            .isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": self._process,
            "pid": record.process,
            "message": masked_text(record.getMessage()),
        }
        told |= {key: masked(fields.pop(key)) for key in IDS if key in fields}
        if fields:
            told["fields"] = masked(fields)
        if record.exc_info:
            told["exception"] = masked_text(self.formatException(record.exc_info))
        return _line(told)


def _line(told: Mapping[str, Any]) -> str:
    try:
        return json.dumps(told, separators=(",", ":"), allow_nan=False, default=str)
    except ValueError:  # a number that JSON does not know becomes a text
        known_to_json = json.loads(json.dumps(told, default=str), parse_constant=str)
        return json.dumps(known_to_json, separators=(",", ":"))
