"""What the SDK called back, read from the shim's queue."""

from typing import Final

from lensbus_services.sony.shim import load_shim
from lensbus_services.sony.values import Kind, Seen

FOLD_AT: Final = 64  # waiting callbacks, from which on property changes are folded
LIMIT: Final = 65_536  # beyond it new callbacks are counted and lost


class Queue:
    """What the SDK called back, in order, for one reading thread."""

    def __init__(self) -> None:
        _, lib = load_shim()
        self.pointer = lib.crshim_queue_new(FOLD_AT, LIMIT)

    def next(self, timeout_s: float) -> Seen | None:
        """Return the oldest callback, or None if none came in time; EOFError at the end."""
        ffi, lib = load_shim()
        out = ffi.new("crshim_event **")
        taken = lib.crshim_next(self.pointer, int(timeout_s * 1000), out)
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

    def close(self) -> None:
        """Wake the reader; it gets what is left, then EOFError."""
        _, lib = load_shim()
        lib.crshim_queue_close(self.pointer)

    def free(self) -> None:
        """Give the memory back, once nobody reads any more."""
        _, lib = load_shim()
        lib.crshim_queue_free(self.pointer)
