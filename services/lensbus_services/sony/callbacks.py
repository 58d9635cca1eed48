"""What the SDK called back, read from the shim's queue."""

import math
import threading
from dataclasses import dataclass
from typing import Any, Final

from lensbus_proto.errors import CameraGone
from lensbus_services.sony.shim import load_shim
from lensbus_services.sony.values import Kind, Seen

FOLD_AT: Final = 64  # waiting callbacks, from which on property changes are folded
LIMIT: Final = 65_536  # beyond it new callbacks are counted and lost


@dataclass(frozen=True, slots=True)
class Counts:
    """How the callbacks of an SDK fared so far."""

    taken: int  # those that were folded or lost among them
    folded: int  # joined one that waited
    lost: int
    most: int  # that ever waited at once


class Queue:
    """What the SDK called back, in order, for one reading thread."""

    def __init__(self) -> None:
        _, lib = load_shim()
        self._lock = threading.Lock()  # around the end of the memory
        self._pointer: Any = lib.crshim_queue_new(FOLD_AT, LIMIT)

    @property
    def pointer(self) -> Any:
        """The shim's object, for links."""
        return self._pointer

    def next(self, timeout_s: float, hold_s: float = 0.0) -> Seen | None:
        """Return the oldest callback, or None if none came in time; EOFError at the end.

        Property changes with nothing behind them collect for `hold_s`.
        """
        ffi, lib = load_shim()
        out = ffi.new("crshim_event **")
        limit_ms, hold_ms = int(timeout_s * 1000), math.ceil(hold_s * 1000)
        taken = lib.crshim_next(self._pointer, limit_ms, hold_ms, out)
        if taken < 0:
            raise EOFError
        if taken == 0:
            return None
        raw = out[0]
        try:
            told = bytes(ffi.string(raw.text))
            return Seen(
                kind=Kind(raw.kind),
                time_us=raw.time_us,
                link=raw.link,
                code=raw.code,
                handle=raw.handle,
                params=tuple(raw.params),
                codes=tuple(raw.codes[0 : raw.count]),
                text=told.decode(errors="replace"),
                raw=told,
                dropped=raw.dropped,
            )
        finally:
            lib.crshim_free(raw)

    def counts(self) -> Counts:
        """Return how the callbacks fared so far."""
        ffi, lib = load_shim()
        raw = ffi.new("crshim_counts *")
        with self._lock:
            if self._pointer is None:
                raise CameraGone("the SDK has been released")
            lib.crshim_count(self._pointer, raw)
        return Counts(raw.taken, raw.folded, raw.lost, raw.most)

    def close(self) -> None:
        """Wake the reader; it gets what is left, then EOFError."""
        _, lib = load_shim()
        lib.crshim_queue_close(self._pointer)

    def free(self) -> None:
        """Give the memory back, once nobody reads any more."""
        _, lib = load_shim()
        with self._lock:
            pointer, self._pointer = self._pointer, None
            lib.crshim_queue_free(pointer)
