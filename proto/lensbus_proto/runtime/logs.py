"""Log lines: one fact each, fields behind it, on stderr, where the process manager keeps them.

Text is for people, JSON for programs that collect logs (`system.log_format`).
Secrets are masked in the whole line, whoever wrote it, tracebacks included.
"""

import logging
import sys
from pathlib import Path

from lensbus_proto.runtime.masking import masked_text
from lensbus_proto.runtime.records import JsonFormatter, fields_of


class FieldFormatter(logging.Formatter):
    """`2026-11-21T05:40:12 warning lensbus_broker.relay: junk dropped count=3`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the `extra` fields of the record as `key=value`."""
        record.levelname = record.levelname.lower()
        line = super().format(record)
        named = fields_of(record)
        if not named:
            return masked_text(line)
        head, newline, rest = line.partition("\n")
        told = " ".join(f"{key}={shown(value)}" for key, value in named.items())
        return masked_text(f"{head} {told}{newline}{rest}")


def shown(value: object) -> str:
    """Return a value as it stands in a line of text."""
    text = str(value)
    # A camera's own text must not be able to forge a second line or another field.
    return text if text.isprintable() and " " not in text and text else repr(text)


def configure(level: str, form: str = "text") -> None:
    """Send the log of this process to stderr from the given level upwards."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(process_name())
        if form == "json"
        else FieldFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def process_name() -> str:
    """Return the module that this process runs, as `lensbus_broker`."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    name = spec.name if spec is not None else Path(sys.argv[0] or "python").stem
    return str(name).removesuffix(".__main__")
