"""Making calls of the shim on one connection, one at a time and within a limit."""

from collections.abc import Callable
from typing import Any, TypeVar

from lensbus_proto.errors import NotConnected
from lensbus_services.driver import Stuck
from lensbus_services.sony.codes import FRAME_NOT_UPDATED
from lensbus_services.sony.line import CALL_S, Line
from lensbus_services.sony.shim import check, load_shim

T = TypeVar("T")


class Calls:
    """Calls on one object of the shim. Any thread may call; the SDK sees one call at a time.

    Results are taken out of the SDK's hands, and its memory is given back, in the thread that
    calls it: that happens once, whether or not somebody still waits.
    """

    def __init__(self, line: Line, pointer: Any) -> None:
        self._line = line
        self._pointer = pointer

    def stuck(self) -> Stuck | None:
        """Return the call that has overstayed its limit, if one has."""
        return self._line.stuck()

    def _call(self, name: str, action: Callable[[Any], T], limit_s: float = CALL_S) -> T:
        return self._line.call(name, lambda: action(self._alive()), limit_s)

    def _do(self, name: str, function: Any, *arguments: Any, limit_s: float = CALL_S) -> None:
        """Call a function of the shim that answers nothing but its result."""
        check(self._call(name, lambda pointer: function(pointer, *arguments), limit_s), name)

    def _number(self, name: str, function: Any, *arguments: Any) -> int:
        """Call a function of the shim that fills in a number."""
        ffi, _ = load_shim()
        out = ffi.new("uint32_t *")
        self._do(name, function, *arguments, out)
        return int(out[0])

    def _list(
        self,
        name: str,
        type_: str,
        fetch: Callable[[Any, Any, Any], int],
        read: Callable[[Any], T],
    ) -> list[T]:
        """Call a function of the shim that hands out a list."""
        ffi, lib = load_shim()

        def take(pointer: Any) -> list[T]:
            out, count = ffi.new(type_), ffi.new("uint32_t *")
            check(fetch(pointer, out, count), name)
            try:
                return [read(out[0][index]) for index in range(count[0])]
            finally:
                lib.crshim_free(out[0])

        return self._call(name, take)

    def _picture(self, name: str, function: Any) -> bytes:
        """Call a function of the shim that lends a picture, if nobody waits for anything else."""
        ffi, _ = load_shim()

        def take() -> bytes:
            data, size = ffi.new("const uint8_t **"), ffi.new("uint32_t *")
            result = function(self._alive(), data, size)
            if result != FRAME_NOT_UPDATED:
                check(result, name)
            return bytes(ffi.buffer(data[0], size[0])) if size[0] else b""

        return self._line.spare(name, take) or b""

    def _alive(self) -> Any:
        if self._pointer is None:
            raise NotConnected("the camera is not connected")
        return self._pointer
