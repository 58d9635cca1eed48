"""The one thread that calls the SDK. Others have their calls made, and wait within a limit.

An SDK may keep a call for ever, and nothing in a process can end that. So nobody but this thread
waits without a limit: callers get CameraTimeout, and `stuck` names the call for whoever decides
to end the process.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeVar

from lensbus_proto.errors import CameraTimeout, NotConnected
from lensbus_services.driver import Stuck
from lensbus_services.sony.limits import within
from lensbus_services.threads import spawn

T = TypeVar("T")

CALL_S: Final = 10.0  # no call of a healthy body was seen to take longer
SPARE_S: Final = 2.0


class _Call:
    """One call on its way: waiting, begun, done."""

    def __init__(self, name: str, action: Callable[[], Any], limit_s: float) -> None:
        self.name = name
        self.limit_s = limit_s
        self.begun_at: float | None = None
        self.done = threading.Event()
        self._action = action
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._result = self._action()
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, in its thread
            self._error = error
        self.done.set()

    def outcome(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


class Line:
    """Makes calls one at a time, in the order in which they were asked for."""

    def __init__(self, name: str) -> None:
        self._filled = threading.Condition()
        self._waiting: deque[_Call] = deque()
        self._running: _Call | None = None
        self._ended = False
        spawn(self._work, name)

    def call(self, name: str, action: Callable[[], T], limit_s: float = CALL_S) -> T:
        """Have a call made and return its result.

        CameraTimeout if it does not come back in time, or does not even get its turn: then it is
        not made any more. The limit is cut down to what the asker still waits.
        """
        call = self._add(name, action, within(limit_s))
        if call.done.wait(call.limit_s):
            result: T = call.outcome()
            return result
        with self._filled:
            if call.begun_at is None:
                self._waiting.remove(call)
                held_by = self._running.name if self._running else name
                raise CameraTimeout(
                    f"{name} did not get its turn: the SDK is still in {held_by}",
                    operation=held_by,
                )
        if call.done.is_set():  # in this very moment
            result = call.outcome()
            return result
        raise CameraTimeout(
            f"{name} has not come back in {call.limit_s:.1f} s", operation=name, began=True
        )

    def spare(self, name: str, action: Callable[[], T]) -> T | None:
        """Have a call made if nobody else has one made or waits; else return None at once."""
        with self._filled:
            if self._running is not None or self._waiting:
                return None
        return self.call(name, action, SPARE_S)

    def last(self, name: str, action: Callable[[], T], limit_s: float) -> T:
        """Have the last call made, after which the thread ends.

        It is made even when it has not got its turn in time.
        """
        call = self._add(name, action, limit_s, is_last=True)
        if not call.done.wait(limit_s):
            raise CameraTimeout(f"{name} has not come back in {limit_s:.1f} s", operation=name)
        result: T = call.outcome()
        return result

    def end(self) -> None:
        """Have the thread end after the calls that wait."""
        with self._filled:
            self._ended = True
            self._filled.notify()

    def stuck(self) -> Stuck | None:
        """Return the call that has overstayed its limit, if one has."""
        with self._filled:
            running = self._running
            if running is None or running.begun_at is None:
                return None
            for_s = time.monotonic() - running.begun_at
            return Stuck(running.name, for_s) if for_s > running.limit_s else None

    def _add(
        self, name: str, action: Callable[[], Any], limit_s: float, *, is_last: bool = False
    ) -> _Call:
        call = _Call(name, action, limit_s)
        with self._filled:
            if self._ended:
                raise NotConnected("the camera is not connected")
            self._ended = is_last
            self._waiting.append(call)
            self._filled.notify()
        return call

    def _work(self) -> None:
        """Thread: make the calls."""
        while True:
            with self._filled:
                self._running = None
                self._filled.wait_for(lambda: bool(self._waiting) or self._ended)
                if not self._waiting:
                    return
                call = self._running = self._waiting.popleft()
                call.begun_at = time.monotonic()
            call.run()
            del call
