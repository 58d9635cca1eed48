"""Which streams are on: a depth stream and the streams of its two sensors exclude each other."""

from collections.abc import Collection, Iterable
from typing import Final

from lensbus_proto.errors import BadArguments

DEPTH: Final = "DEPTH_"


def is_depth(stream: str) -> bool:
    """Tell whether a stream carries depth."""
    return stream.startswith(DEPTH)


def rivals(stream: str, offered: Iterable[str]) -> frozenset[str]:
    """Return the offered streams that cannot be on together with this one."""
    if is_depth(stream):
        # One pair at a time: the camera has one stereo engine.
        return frozenset(
            other
            for other in offered
            if other != stream and (is_depth(other) or _uses(stream, other))
        )
    return frozenset(other for other in offered if is_depth(other) and _uses(other, stream))


def activated(active: frozenset[str], stream: str, offered: Iterable[str]) -> frozenset[str]:
    """Return what is on after a stream was asked for: the last request wins."""
    return (active - rivals(stream, offered)) | {stream}


def deactivated(active: frozenset[str], stream: str) -> frozenset[str]:
    """Return what is on after a stream was switched off; its rivals do not come back."""
    return active - {stream}


def changed(
    active: frozenset[str],
    activate: Collection[str],
    deactivate: Collection[str],
    offered: Collection[str],
) -> frozenset[str]:
    """Return what is on after several streams were switched in one go.

    All that is asked for happens, or nothing: `BadArguments` if it contradicts itself.
    """
    for stream in (*activate, *deactivate):
        if stream not in offered:
            raise BadArguments(f"no stream {stream!r} here; there are {', '.join(offered)}")
    for stream in activate:
        if stream in deactivate:
            raise BadArguments(f"{stream} is to be activated and deactivated at once")
        for rival in sorted(rivals(stream, offered) & frozenset(activate)):
            raise BadArguments(f"{stream} and {rival} cannot be active together")
    after = active.difference(deactivate)
    for stream in activate:
        after = activated(after, stream, offered)
    return after


def is_consistent(active: frozenset[str], offered: Iterable[str]) -> bool:
    """Tell whether these streams are offered and may be on together."""
    known = frozenset(offered)
    return active <= known and not any(rivals(stream, known) & active for stream in active)


def _uses(depth: str, socket: str) -> bool:
    return not is_depth(socket) and socket[-1] in depth.removeprefix(DEPTH).split("_")
