"""One camera's connection as its commands know it: begun, held, let go of.

Threads: commands come from several; the pump carries callbacks into the present connection
and to the outlet; the keeper looks after a connection that ended, or came back, by itself.
"""

import threading
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from lensbus_proto.errors import CameraBusy, CameraError, CameraGone, CameraTimeout
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import SonySettings
from lensbus_services.driver import Observation, Stuck
from lensbus_services.sony.callbacks import Counts, Queue
from lensbus_services.sony.capture import Pause
from lensbus_services.sony.codes import SSH_NOT_SUPPORTED
from lensbus_services.sony.connection import State
from lensbus_services.sony.display import Display
from lensbus_services.sony.ending import ABANDON_S, Ending
from lensbus_services.sony.keeper import Keeper
from lensbus_services.sony.limits import Until
from lensbus_services.sony.link import Link
from lensbus_services.sony.lookup import Lookup
from lensbus_services.sony.observations import property_changed
from lensbus_services.sony.opening import Opening
from lensbus_services.sony.outlet import Outlet
from lensbus_services.sony.preparation import Preparation, patience_s
from lensbus_services.sony.present import ENDING, Notice, Present
from lensbus_services.sony.pulls import pull_path
from lensbus_services.sony.pump import Pump
from lensbus_services.sony.saving import Places, SaveInfo
from lensbus_services.sony.sdk import Sdk
from lensbus_services.sony.telling import Teller
from lensbus_services.sony.triggers import Triggers
from lensbus_services.sony.values import Credentials, Found, Listing
from lensbus_services.sony.wish import Wish, forget_wish, load_wish, save_wish, wish_path

DISCONNECT_S: Final = 5.0  # OnDisconnected after Disconnect


class Session:
    """The one connection that a camera may have, from a driver's open to its close."""

    def __init__(
        self,
        sdk: Sdk,
        lookup: Lookup,
        found: Found,
        settings: SonySettings,
        places: Places,
        outlet: Outlet,
        state: Path,
    ) -> None:
        self.found = found
        self.places = places
        self.listing: Listing | None = None
        self.display = Display()
        self.when_lost: Callable[[Wish, Credentials], None] = lambda wish, login: None
        self.when_given_up: Callable[[], None] = lambda: None
        self._sdk = sdk
        self._outlet = outlet
        self._wish_path = wish_path(state, found.camera)
        self._scale = settings.simulator.time_scale if settings.library == "simulator" else 1.0
        self._present = present = Present()
        self.triggers = Triggers(self._scale, lambda: patience_s(present), outlet.put)
        self.teller = Teller(found, places, pull_path(state, found.camera), self.triggers)
        self._queue = Queue()
        self._changing = threading.Lock()  # one connect or disconnect at a time
        self._lookup = lookup
        self._ending = Ending(present, found, self.teller, outlet)
        self._opening = Opening(
            present, sdk, self._queue, self._lookup, self._let_go, settings.connect_s
        )
        self._preparation = Preparation(present, places, self.teller, self.triggers)
        self._pump = Pump(present, found, self._queue, self.teller, outlet)
        Keeper(present, self.teller, outlet, self._look_after)

    # What is

    @property
    def is_connected(self) -> bool:
        """Tell whether clients see the camera as connected."""
        return self._present.is_connected

    @property
    def wish(self) -> Wish | None:
        """How the camera is connected now."""
        return self._present.wish

    @property
    def is_wished(self) -> bool:
        """Tell whether clients want a connection, be it there or not."""
        return load_wish(self._wish_path) is not None

    @property
    def save_info(self) -> SaveInfo:
        """Where files for the host go."""
        return self._preparation.save_info

    @property
    def error_told(self) -> bool:
        """Tell whether clients have heard what was wrong with the last connection."""
        return self._present.error_told

    def link(self) -> Link:
        """Return the connection; NotConnected without one."""
        return self._present.connected_link()

    def stuck(self) -> Stuck | None:
        """Return the call into the SDK that has overstayed its limit, if one has."""
        for holder in (self._present.link, self._ending.left_behind, self._sdk):
            if holder is not None and (stuck := holder.stuck()) is not None:
                return stuck
        return None

    def pause(self, link: Link, wait_s: float) -> None:
        """Wait; CameraGone as soon as the connection is not there any more."""
        self._present.pause(link, wait_s * self._scale)

    def pause_on(self, link: Link) -> Pause:
        """Return a way to wait between two calls of a sequence."""
        return lambda wait_s: self.pause(link, wait_s)

    @contextmanager
    def sequence(self, limit_s: float) -> Iterator[Link]:
        """Hold the camera for several calls that belong together: two never mix."""
        if not self._present.sequence.acquire(timeout=limit_s):
            raise CameraBusy("another capture is still going on")
        try:
            yield self.link()
        finally:
            self._present.sequence.release()

    def save(self, info: SaveInfo) -> None:
        """Tell the SDK where files for the host go from now on."""
        with self._changing:  # a new connection sets its own place first
            self._preparation.save(self.link(), info)

    def prepare_incoming(self) -> Path:
        """Return the folder that the SDK shall write a pulled file into."""
        return self._preparation.prepare_incoming()

    def tell(self, observation: Observation) -> None:
        """Tell clients what a command brought about by itself."""
        self._outlet.put(observation)

    def callbacks(self) -> Counts:
        """Return how the callbacks of the SDK fared so far."""
        return self._queue.counts()

    def fingerprint(self) -> tuple[bool, str]:
        """Tell whether the camera has access authentication, and its key's fingerprint if so."""
        with self._changing:
            cameras, index = self._lookup.look(with_login=True)
            if not cameras.found[index].has_ssh:
                return False, ""
            try:
                return True, self._sdk.fingerprint(cameras, index)
            except CameraError as error:
                if error.vendor_code != SSH_NOT_SUPPORTED:
                    raise
                return False, ""  # of one that the settings name nobody knew

    # Beginning and end

    def connect(self, wish: Wish, login: Credentials) -> bool:
        """Connect and wait for the camera's word. Return True if it was connected before."""
        with self._changing:
            if self._present.closed:
                raise CameraGone(ENDING)
            if self.is_connected:
                return True
            if self._present.link is not None:  # it came to its end by itself, just now
                self._let_go(ABANDON_S)
                self._lookup.forget()
            link = self._opening.open(wish, login)
            self._preparation.begin(link, self.pause_on(link))
            save_wish(self._wish_path, wish)
        return False

    def keep_live_view(self, link: Link, streams: bool) -> None:
        """Have live view stream, or not, on the connection that follows when this one is lost."""
        present = self._present
        with self._changing, present.changed:
            if present.link is link and present.wish is not None:
                present.wish = replace(present.wish, live_view=streams)
                save_wish(self._wish_path, present.wish)

    def disconnect(self) -> bool:
        """Tell the end, then bring it about. Return True if there was no connection."""
        was_connected = self._ending.stop("requested")
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
        with self._present.changed:
            self._present.closed = True
        self._ending.stop("the worker stops")
        self.triggers.close()
        orderly = self._changing.acquire(timeout=limit_s / 2)
        if orderly:
            try:
                self._let_go(until.left_s() * 0.8)
                self._lookup.forget()
            finally:
                self._changing.release()
        pumped = self._pump.close(until.left_s())
        left = self._ending.left_behind
        orderly = orderly and (left is None or left.is_released)
        if orderly and pumped:
            self._queue.free()
        return orderly

    def _let_go(self, wait_s: float) -> bool:
        told = self._ending.let_go(wait_s)
        self.listing = None
        self.display.forget()
        return told

    def _look_after(self, noticed: Set[Notice]) -> None:
        """Do what a change of the connection asks for; nobody else changes it meanwhile."""
        present = self._present
        with self._changing:
            if present.state is State.ENDED:
                self._let_go(ABANDON_S)
                self._lookup.forget()
                with present.changed:
                    lost, present.lost = present.lost, None
                    if lost is not None:
                        self.when_lost(lost, present.login)
            elif present.state is State.UP and present.link is not None:
                if Notice.CAME_BACK in noticed:
                    self._preparation.prepare(present.link, self.pause_on(present.link))
                elif Notice.DESTINATION in noticed:
                    self._preparation.look_at_destination(present.link)
                self._look_after_texts(present.link, noticed)

    def _look_after_texts(self, link: Link, noticed: Set[Notice]) -> None:
        """Keep what the camera calls its values, and tell when that is something else now."""
        if self.wish is None or self.wish.mode == "contents":
            return
        if Notice.TEXTS_READY in noticed:
            codes = self.display.fetch(link)
            if codes:
                self._outlet.put(property_changed(unix_us(), codes))
        if noticed & {Notice.BEGAN, Notice.CAME_BACK, Notice.TEXTS_CHANGED}:
            self.display.request(link)
