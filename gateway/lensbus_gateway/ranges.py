"""Which part of a file a request asks for, as RFC 9110 has it: conditions first, then ranges.

One range is given at a time. Who asks for several gets the whole file, as the RFC allows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

_RANGE: Final = re.compile(r"bytes=\s*([0-9]{0,19})-([0-9]{0,19})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Version:
    """One content of a file: another content has another tag."""

    tag: str  # in quotes
    size: int
    modified: datetime  # to the second

    @classmethod
    def of(cls, tag: str, size: int, time_us: int) -> "Version":
        """Return a version by what a worker tells of it."""
        return cls(f'"{tag}"', size, datetime.fromtimestamp(time_us // 1_000_000, UTC))

    @property
    def last_modified(self) -> str:
        """The time as it stands in a header."""
        return format_datetime(self.modified, usegmt=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the answer is: its status, and the bytes from `first` up to before `end`."""

    status: int
    first: int = 0
    end: int = 0


def wanted(version: Version, headers: Mapping[str, str]) -> Wanted:
    """Return what the request with these headers (names in lower case) is to be answered with."""
    if not _changed(version, headers):
        return Wanted(304)
    whole = Wanted(200, 0, version.size)
    asked = headers.get("range")
    if asked is None or not _still_valid(version, headers.get("if-range")):
        return whole
    match = _RANGE.fullmatch(asked)
    if match is None:
        return whole  # another unit, several ranges or no range at all
    first, last = match.groups()
    if not first and not last:
        return whole
    if not first:  # so many of the last bytes
        begin, end = max(version.size - int(last), 0), version.size
    else:
        begin, end = int(first), min(int(last) + 1, version.size) if last else version.size
        if last and int(last) < begin:
            return whole
    return Wanted(206, begin, end) if begin < end else Wanted(416)


def _changed(version: Version, headers: Mapping[str, str]) -> bool:
    """Tell whether the client has another content, or none."""
    tags = headers.get("if-none-match")
    if tags is not None:
        known = {one.strip().removeprefix("W/") for one in tags.split(",")}
        return not known & {version.tag, "*"}
    since = _date(headers.get("if-modified-since"))
    return since is None or version.modified > since


def _still_valid(version: Version, condition: str | None) -> bool:
    """Tell whether a client that has a part of some content has it of this one."""
    if condition is None:
        return True
    condition = condition.strip()
    if condition.startswith(('"', "W/")):
        return condition == version.tag
    # Within a second a file may change twice: only the tag is sure, but this is what was asked.
    return _date(condition) == version.modified


def _date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
