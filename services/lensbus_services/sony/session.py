"""One camera's connection: beginning it, waiting for the SDK's word, letting go of it.

Threads: commands come from several; `pump` reads what the SDK called back, moves the state and
tells the outlet; `keeper` looks after a connection that ended, or came back, by itself.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lensbus_proto.errors import (
    CameraBusy,
    CameraError,
    CameraGone,
    CameraTimeout,
    CommandError,
    NotConnected,
    Refused,
)
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import SonySettings
from lensbus_services.driver import Observation, Stuck
from lensbus_services.sony.callbacks import Counts, Queue
from lensbus_services.sony.capture import Pause, extra_s
from lensbus_services.sony.codes import (
    CONNECT_ADVICE,
    MODES,
    PC_REMOTE,
    TO_HOST,
    DataType,
    Property,
    error_name,
)
from lensbus_services.sony.connection import Signal, State, following, is_connected
from lensbus_services.sony.folding import Fold
from lensbus_services.sony.limits import Until, within
from lensbus_services.sony.link import Link
from lensbus_services.sony.observations import (
    RECONNECTING,
    disconnected,
    reason_of,
)
from lensbus_services.sony.outlet import Outlet
from lensbus_services.sony.pulls import pull_path
from lensbus_services.sony.reading import select, value_of
from lensbus_services.sony.saving import Places, SaveInfo
from lensbus_services.sony.sdk import Cameras, Sdk
from lensbus_services.sony.telling import Teller
from lensbus_services.sony.triggers import Triggers
from lensbus_services.sony.values import Credentials, Found, Kind, Listing, Seen
from lensbus_services.sony.wish import Wish, forget_wish, save_wish, wish_path
from lensbus_services.threads import spawn

logger = logging.getLogger(__name__)

ENDING: Final = "the worker of this camera is ending"
FRESH_S: Final = 60.0  # after that the camera may have been plugged in anew
PRIORITY_S: Final = 0.5  # for the priority key to turn
PRIORITY_TRIES: Final = 25
DISCONNECT_S: Final = 5.0  # OnDisconnected after Disconnect
ABANDON_S: Final = 1.0  # the same for a connection that never came about
RELEASE_S: Final = 0.1  # at least, for a call on its way to come back
PUMP_S: Final = 60.0
KEEP_S: Final = 5.0  # so often a pull is looked after
RETRIES: Final = 1  # of a connection about which the camera says nothing
RETRY_LEAST_S: Final = 1.0  # a healthy body takes less
SEQUENCE_S: Final = 1.0  # a capture sequence lets go of the shutter

# Told even when the end of the connection has been told already.
_LATE: Final = (Kind.DOWNLOADED, Kind.CONTENTS, Kind.TRANSFER, Kind.ERROR)


class Session:
    """The one connection that a camera may have, from a driver's open to its close."""

    def __init__(
        self,
        sdk: Sdk,
        cameras: Cameras,
        found: Found,
        settings: SonySettings,
        places: Places,
        outlet: Outlet,
        state: Path,
    ) -> None:
        self.found = found
        self.places = places
        self.wish: Wish | None = None  # how it is connected now
        self.save_info = SaveInfo(places.default)
        self.listing: Listing | None = None
        self._sdk = sdk
        self._settings = settings
        self._outlet = outlet
        self._wish_path = wish_path(state, found.camera)
        self._scale = settings.simulator.time_scale if settings.library == "simulator" else 1.0
        self.triggers = Triggers(self._scale, self._patience_s, outlet.put)
        self.teller = Teller(found, places, pull_path(state, found.camera), self.triggers)
        self._changed = threading.Condition()
        self._state = State.ABSENT
        self._error = 0
        self.error_told = False  # of the last connection: clients have heard of it
        self._number = 0
        self._link: Link | None = None
        self._cameras: Cameras | None = cameras
        self.when_lost: Callable[[Wish, Credentials], None] = lambda wish, login: None
        self.when_given_up: Callable[[], None] = lambda: None
        self._login = Credentials()  # of the present connection; never kept anywhere else
        self._lost: Wish | None = None  # how it was connected when the link went away by itself
        self._left_behind: Link | None = None  # the SDK did not let go of it
        self._closed = False
        self._came_back = False
        self._destination_changed = False
        self._changing = threading.Lock()  # one connect or disconnect at a time
        self._sequence = threading.Lock()  # one capture sequence at a time
        self._queue = Queue()
        self._pump_thread = spawn(self._pump, "sony-pump")
        spawn(self._keep, "sony-keeper")

    # What is

    @property
    def is_connected(self) -> bool:
        """Tell whether clients see the camera as connected."""
        return is_connected(self._state)

    def link(self) -> Link:
        """Return the connection; NotConnected without one."""
        with self._changed:
            if self._link is None or not is_connected(self._state):
                raise NotConnected("the camera is not connected")
            return self._link

    def stuck(self) -> Stuck | None:
        """Return the call into the SDK that has overstayed its limit, if one has."""
        for holder in (self._link, self._left_behind, self._sdk):
            if holder is not None and (stuck := holder.stuck()) is not None:
                return stuck
        return None

    def pause(self, link: Link, wait_s: float) -> None:
        """Wait; CameraGone as soon as the connection is not there any more."""

        def is_over() -> bool:
            return self._link is not link or not is_connected(self._state)

        with self._changed:
            if self._changed.wait_for(is_over, wait_s * self._scale):
                raise CameraGone("the connection came to its end meanwhile", began=True)

    def pause_on(self, link: Link) -> Pause:
        """Return a way to wait between two calls of a sequence."""
        return lambda wait_s: self.pause(link, wait_s)

    @contextmanager
    def sequence(self, limit_s: float) -> Iterator[Link]:
        """Hold the camera for several calls that belong together: two never mix."""
        if not self._sequence.acquire(timeout=limit_s):
            raise CameraBusy("another capture is still going on")
        try:
            yield self.link()
        finally:
            self._sequence.release()

    def save(self, info: SaveInfo) -> None:
        """Tell the SDK where files for the host go from now on."""
        with self._changing:  # a new connection sets its own place first
            self._save(self.link(), info)

    def _save(self, link: Link, info: SaveInfo) -> None:
        incoming = self.places.incoming(info.path)
        try:
            folder = incoming.prepare()
        except OSError as error:
            raise CameraError(f"{info.path} cannot be used: {error.strerror}") from error
        self.teller.save_to(info.path, incoming)
        link.set_save_info(folder, info.prefix, info.start_number)
        self.save_info = info

    def prepare_incoming(self) -> Path:
        """Return the folder that the SDK shall write a pulled file into."""
        try:
            return self.places.incoming(self.save_info.path).prepare()
        except OSError as error:
            reason = error.strerror
            raise CameraError(f"{self.save_info.path} cannot be used: {reason}") from error

    def callbacks(self) -> Counts:
        """Return how the callbacks of the SDK fared so far."""
        return self._queue.counts()

    def fingerprint(self) -> tuple[bool, str]:
        """Tell whether the camera has access authentication, and its key's fingerprint if so."""
        with self._changing:
            cameras, index = self._look()
            if not cameras.found[index].has_ssh:
                return False, ""
            return True, self._sdk.fingerprint(cameras, index)

    # Beginning and end

    def connect(self, wish: Wish, login: Credentials) -> bool:
        """Connect and wait for the camera's word. Return True if it was connected before."""
        with self._changing:
            if self._closed:
                raise CameraGone(ENDING)
            if self.is_connected:
                return True
            if self._link is not None:  # it came to its end by itself, just now
                self._let_go(ABANDON_S)
                self._forget_cameras()
            link = self._open(wish, login)
            self.save_info = SaveInfo(self.places.default)
            self.places.sweep()
            self._prepare(link)
            save_wish(self._wish_path, wish)
        return False

    def _open(self, wish: Wish, login: Credentials) -> Link:
        """Connect; once more when the camera says nothing at all.

        Giving up such a try clears a link that a dead process has left behind in the body.
        """
        for retries in (RETRIES, 0):
            link = self._begin(wish, login)
            try:
                self._await_opened()
            except CameraTimeout:
                if retries == 0 or within(self._settings.connect_s) < RETRY_LEAST_S:
                    raise
                logger.warning("no word from the camera", extra={"retries_left": retries})
            else:
                return link
        raise AssertionError("the last try returns or raises")

    def disconnect(self) -> bool:
        """Tell the end, then bring it about. Return True if there was no connection."""
        was_connected = self._stop("requested")
        self.when_given_up()  # now that nobody calls it lost any more
        with self._changing:
            forget_wish(self._wish_path)
            told = self._let_go(DISCONNECT_S)
        if was_connected and not told:
            raise CameraTimeout("Disconnect timed out", operation="Disconnect", began=True)
        return not was_connected

    def close(self, limit_s: float) -> bool:
        """Let go of everything within the limit. Return False if a call held it up."""
        until = Until(limit_s)
        with self._changed:
            self._closed = True
        self._stop("the worker stops")
        self.triggers.close()
        orderly = self._changing.acquire(timeout=limit_s / 2)
        if orderly:
            try:
                self._let_go(until.left_s() * 0.8)
                self._forget_cameras()
            finally:
                self._changing.release()
        self._queue.close()
        self._pump_thread.join(until.left_s())
        left = self._left_behind
        orderly = orderly and (left is None or left.is_released)
        if orderly and not self._pump_thread.is_alive():
            self._queue.free()
        return orderly

    def _begin(self, wish: Wish, login: Credentials) -> Link:
        cameras, index = self._look()
        link = Link(self._sdk, self._queue, self._number + 1)
        with self._changed:
            if self._closed:
                link.release()
                raise CameraGone(ENDING)
            self._number += 1
            self._link = link
            self.wish = wish
            self._login = login
            self._lost = None
            self._error = 0
            self.error_told = False
            self._advance(Signal.BEGIN)
        try:
            result = link.connect(
                cameras, index, MODES[wish.mode], wish.reconnecting, login, self._settings.connect_s
            )
        except CameraError:
            self._let_go(ABANDON_S)
            raise
        if result != 0:
            with self._changed:
                self._error = result
                self._advance(Signal.FAILED)
        return link

    def _look(self) -> tuple[Cameras, int]:
        """Return the cameras that there are, and the place of this one among them."""
        if self._cameras is not None and self._cameras.age_s() > FRESH_S:
            self._forget_cameras()
        cameras = self._cameras or self._sdk.enumerate(self._settings.enumerate_s)
        self._cameras = cameras
        index = cameras.index(self.found.camera)
        if index is None:
            self._forget_cameras()
            raise CameraGone(f"camera {self.found.camera} is not there")
        return cameras, index

    def _await_opened(self) -> None:
        limit_s = within(self._settings.connect_s)
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._state is not State.CONNECTING, limit_s
            )
            state, error = self._state, self._error
        if state is State.UP:
            return
        self._let_go(ABANDON_S)
        self._forget_cameras()
        if state is State.ENDED:
            advice = CONNECT_ADVICE.get(error, "the camera refused the connection")
            raise Refused(
                f"{advice} (0x{error:04X} {error_name(error)})",
                vendor_code=error,
                operation="Connect",
            )
        if state is State.CONNECTING and not self._closed:
            raise CameraTimeout(
                f"Connection did not complete within {limit_s:g}s. The camera said nothing: it may"
                " still hold the link of a process that died, which this attempt has cleared;"
                " connect again.",
                operation="Connect",
            )
        raise CameraGone("the connection was given up meanwhile")

    def _prepare(self, link: Link) -> None:
        """Do what a body forgets when it is switched off; it may refuse either."""
        try:
            # Without a place to save, settings are refused for the rest of the connection.
            self.places.prepare_default()
            self._save(link, self.save_info)
        except CameraError as error:
            logger.warning("save folder not set", extra={"reason": error.message})
        self._look_at_destination(link)
        try:
            link.set_value(Property.PRIORITY_KEY, DataType.UINT16_ARRAY, PC_REMOTE)
            self._await_priority(link)
        except CameraError as error:
            # Bodies without this switch are under remote control by themselves.
            logger.info("priority key not set", extra={"reason": error.message})

    def _look_at_destination(self, link: Link) -> None:
        """Note whether exposures are followed by files for the host."""
        try:
            destination = value_of(link, Property.STORE_DESTINATION)
        except CommandError as error:
            logger.info("store destination not known", extra={"reason": error.message})
            return
        is_remote = self.wish is not None and self.wish.mode == "remote"
        has_files = is_remote and (destination is None or bool(destination & TO_HOST))
        if has_files and not self.teller.has_host_files:
            self.triggers.expect_no_files()
        self.teller.has_host_files = has_files

    def _patience_s(self) -> float:
        """Return by how much longer than usual an exposure may take, as the camera is set."""
        try:
            found = select(self.link(), [Property.SHUTTER_SPEED, Property.DRIVE_MODE])
        except CommandError:
            return 0.0
        values = {raw.code: raw.value for raw in found}
        return extra_s(values.get(Property.SHUTTER_SPEED), values.get(Property.DRIVE_MODE))

    def _await_priority(self, link: Link) -> None:
        """Wait a little until the key has turned: nothing can be set before."""
        for _ in range(PRIORITY_TRIES):
            found = link.properties([Property.PRIORITY_KEY])
            if found and found[0].value == PC_REMOTE:
                return
            self.pause(link, PRIORITY_S / PRIORITY_TRIES)
        logger.info("priority key has not turned", extra={"camera": self.found.camera})

    def _stop(self, reason: str) -> bool:
        """Move towards the end and wake everybody who waits for something else."""
        with self._changed:
            was_connected = is_connected(self._state)
            self._lost = None
            if was_connected:
                for lost in self.teller.lose(unix_us(), reason):
                    self._outlet.put(lost)
                self._outlet.put(disconnected(self.found, unix_us(), reason=reason))
            self._advance(Signal.STOP)
            return was_connected

    def _let_go(self, wait_s: float) -> bool:
        """Disconnect and release whatever there is. Return whether the SDK told the end."""
        until = Until(wait_s)
        link = self._link
        if link is None:
            return True
        with self._changed:
            self._advance(Signal.STOP)
            over = self._state is State.ENDED
        quiet = self._sequence.acquire(timeout=min(SEQUENCE_S, until.left_s() / 2))
        try:
            if over:
                link.ended()
            else:
                link.disconnect(until.left_s())
                with self._changed:
                    self._changed.wait_for(lambda: self._state is State.ENDED, until.left_s())
                    over = self._state is State.ENDED
        except CameraError as error:
            logger.warning("not disconnected", extra={"reason": error.message})
        try:
            link.release(max(until.left_s(), RELEASE_S))
        except CameraTimeout as error:
            # The SDK still has a call of this link: nothing that it knows may be taken away.
            self._left_behind = link
            logger.error("device not released", extra={"reason": error.message})
        except CameraError as error:
            logger.warning("device not released", extra={"reason": error.message})
        finally:
            if quiet:
                self._sequence.release()
        with self._changed:
            self._link = None
            self.wish = None
            self.listing = None
            self._advance(Signal.RELEASED)
        return over

    def _forget_cameras(self) -> None:
        """Have the next connection look for the camera anew: a replugged one is another object."""
        if self._cameras is not None:
            self._cameras.close()
            self._cameras = None

    # What the SDK calls back

    def _pump(self) -> None:
        """Thread: carry callbacks into state and outlet."""
        fold = Fold()
        while True:
            now = time.monotonic()
            due_s = fold.due_in(now)
            try:
                seen = self._queue.next(PUMP_S if due_s is None else due_s, fold.rest_s(now))
            except EOFError:
                return
            if seen is not None and seen.dropped:
                logger.error("callbacks lost", extra={"lost": seen.dropped})
            now = time.monotonic()
            for one in fold.flush(now) if seen is None else fold.feed(seen, now):
                if one.link == self._number:
                    self._take(one)

    def _take(self, seen: Seen) -> None:
        told = list(self.teller.tell(seen))  # before the lock: whole files are read here
        with self._changed:
            before = self._state
            signal = _signal(seen)
            if seen.kind in (Kind.ERROR, Kind.DISCONNECTED):
                self._error = seen.code
                self.error_told = seen.kind is Kind.ERROR
            if seen.kind is Kind.PROPERTIES and Property.STORE_DESTINATION in seen.codes:
                self._destination_changed = True
                self._changed.notify_all()
            if signal is not None:
                self._advance(signal)
            if before is State.RECOVERING and self._state is State.UP:
                self._came_back = True
            for observation in self._filter(seen, before, told):
                self._outlet.put(observation)

    def _filter(self, seen: Seen, before: State, told: list[Observation]) -> Iterator[Observation]:
        if seen.kind is Kind.DISCONNECTED:
            if is_connected(before):
                self._lost = self.wish
                yield from self.teller.lose(seen.time_us, reason_of(seen.code))
                yield disconnected(self.found, seen.time_us, seen.code)
            return
        if seen.kind in _LATE or before is State.CONNECTING or is_connected(before):
            yield from told
        if seen.kind is Kind.WARNING and seen.code == RECONNECTING:
            yield from self.teller.lose(seen.time_us, "reconnecting")

    def _keep(self) -> None:
        """Thread: look after a connection that ended, or came back, by itself."""

        def is_due() -> bool:
            return (
                self._closed
                or self._came_back
                or self._destination_changed
                or self._state is State.ENDED
            )

        while True:
            with self._changed:
                self._changed.wait_for(is_due, KEEP_S)
                due = is_due()
                came_back, self._came_back = self._came_back, False
                self._destination_changed = False
            if self._closed:
                return
            for observation in self.teller.overdue_pull(time.monotonic()):
                self._outlet.put(observation)
            if not due:
                continue
            with self._changing:
                self._look_after(came_back)

    def _look_after(self, came_back: bool) -> None:
        """Do what a change of the connection asks for; nobody else changes it meanwhile."""
        if self._state is State.ENDED:
            self._let_go(ABANDON_S)
            self._forget_cameras()
            with self._changed:
                lost, self._lost = self._lost, None
                if lost is not None:
                    self.when_lost(lost, self._login)
        elif self._state is State.UP and self._link is not None:
            if came_back:
                self._prepare(self._link)
            else:
                self._look_at_destination(self._link)

    def _advance(self, signal: Signal) -> None:
        """Move the state; the condition is held."""
        self._state = following(self._state, signal)
        self._changed.notify_all()


def _signal(seen: Seen) -> Signal | None:
    match seen.kind:
        case Kind.CONNECTED:
            return Signal.OPENED
        case Kind.DISCONNECTED:
            return Signal.DROPPED
        case Kind.ERROR:
            return Signal.FAILED
        case Kind.WARNING if seen.code == RECONNECTING:
            return Signal.INTERRUPTED
    return None
