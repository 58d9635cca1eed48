"""Log lines: one fact each, fields behind it, on stderr, where the process manager keeps them.

Secrets are masked in the whole line, whoever wrote it, tracebacks included.
"""

import logging
import sys
from typing import Final

from lensbus_proto.runtime.masking import masked_text

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class FieldFormatter(logging.Formatter):
    """`2026-11-21T05:40:12 warning lensbus_broker.relay: junk dropped count=3`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the `extra` fields of the record as `key=value`."""
        record.levelname = record.levelname.lower()
        line = super().format(record)
        named = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if not named:
            return masked_text(line)
        head, newline, rest = line.partition("\n")
        shown = " ".join(f"{key}={_shown(value)}" for key, value in named.items())
        return masked_text(f"{head} {shown}{newline}{rest}")


def _shown(value: object) -> str:
    text = str(value)
    # A camera's own text must not be able to forge a second line or another field.
    return text if text.isprintable() and " " not in text and text else repr(text)


def configure(level: str) -> None:
    """Send the log of this process to stderr from the given level upwards."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        FieldFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
