"""Live view: switched on by a command, fetched only while somebody looks."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from lensbus_proto.errors import CameraError, CommandError, NotConnected, Unsupported
from lensbus_proto.runtime.clock import unix_us
from lensbus_services.driver import Frame
from lensbus_services.sony.codes import ENABLE_LIVE_VIEW
from lensbus_services.sony.link import Link
from lensbus_services.sony.session import Session

logger = logging.getLogger(__name__)

STREAM: Final = "liveview"
OSD_STREAM: Final = "osd"
BETWEEN_S: Final = 0.025  # a picture every 33 ms is the most that bodies give
AGAIN_S: Final = 0.004  # when there was no new one
TROUBLE_S: Final = 0.25  # when the camera said no
FIRST_S: Final = 2.0  # for the first picture after enabling
FIRST_TRIES: Final = 40

_FETCH: Final[Mapping[str, Callable[[Link], bytes]]] = {
    STREAM: Link.picture,
    OSD_STREAM: Link.osd_picture,
}


class LiveView:
    """Polls pictures from the session's link. `pictures` has one calling thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._changed = threading.Condition()
        self._started: Link | None = None  # a new connection begins without live view
        self._watched: frozenset[str] = frozenset()
        self._due = dict.fromkeys(_FETCH, 0.0)

    def start(self) -> bool:
        """Begin to stream, enabling live view if need be. Return True if it streamed already.

        Unsupported when the camera sends no picture in its present mode.
        """
        link = self._session.link()
        if self._started is link:
            return True
        enabled = self.is_enabled()
        if not enabled:
            link.set_setting(ENABLE_LIVE_VIEW, 1)
        if not self._await_first(link):
            if not enabled:
                link.set_setting(ENABLE_LIVE_VIEW, 0)
            mode = self._session.wish.mode if self._session.wish else ""
            raise Unsupported(
                f"this camera sends no live view in the mode {mode}", detail={"mode": mode}
            )
        with self._changed:
            self._started = link
            self._changed.notify_all()
        self._session.keep_live_view(link, True)
        return False

    def stop(self) -> bool:
        """Stop streaming. Return True if it did not stream."""
        link = self._link()
        with self._changed:
            self._started = None
        if link is not None:
            self._session.keep_live_view(link, False)
        return link is None

    def resume(self) -> None:
        """Stream again on a connection that came back, as far as the camera lets it."""
        try:
            self.start()
        except CommandError as error:
            logger.warning("live view not resumed", extra={"reason": error.message})

    def enable(self, enabled: bool) -> None:
        """Switch live view in the camera."""
        self._session.link().set_setting(ENABLE_LIVE_VIEW, int(enabled))

    def is_enabled(self) -> bool:
        """Tell whether live view is switched on in the camera."""
        return self._session.link().setting(ENABLE_LIVE_VIEW) == 1

    def is_streaming(self) -> bool:
        """Tell whether pictures are fetched while somebody looks."""
        return self._link() is not None

    def watch(self, streams: frozenset[str]) -> None:
        """Name the streams that somebody looks at."""
        with self._changed:
            self._watched = streams & _FETCH.keys()
            self._changed.notify_all()

    def pictures(self, timeout_s: float) -> list[Frame]:
        """Return the next picture of each stream that has one; wait for the first if need be."""
        give_up = time.monotonic() + timeout_s
        while (now := time.monotonic()) < give_up:
            watched = self._watched
            link = self._link() if watched else None
            if link is None:
                with self._changed:
                    self._changed.wait(min(give_up - now, 0.5))
                continue
            next_due = min(self._due[stream] for stream in watched)
            if now < next_due:
                time.sleep(min(next_due, give_up) - now)
            elif frames := [frame for stream in watched if (frame := self._fetch(stream, link))]:
                return frames
        return []

    def _fetch(self, stream: str, link: Link) -> Frame | None:
        if time.monotonic() < self._due[stream]:
            return None
        try:
            image = _FETCH[stream](link)
        except CommandError as error:
            # So answers a body whose display or live view is switched off meanwhile.
            logger.debug("no picture", extra={"stream": stream, "reason": error.message})
            self._due[stream] = time.monotonic() + TROUBLE_S
            return None
        taken_us = unix_us()
        size = jpeg_size(image)
        self._due[stream] = time.monotonic() + (BETWEEN_S if size else AGAIN_S)
        if size is None:
            return None
        info = {"format": "jpeg", "width": size[0], "height": size[1]}
        return Frame(stream, taken_us, info, image)

    def _link(self) -> Link | None:
        started = self._started
        try:
            return started if started is not None and self._session.link() is started else None
        except NotConnected:
            return None

    def _await_first(self, link: Link) -> bool:
        for _ in range(FIRST_TRIES):
            try:
                if link.picture_room() > 0:
                    return True
            except CameraError as error:
                logger.debug("live view not ready", extra={"reason": error.message})
            self._session.pause(link, FIRST_S / FIRST_TRIES)
        return False


def jpeg_size(image: bytes) -> tuple[int, int] | None:
    """Return width and height of a JPEG picture, None if it is none."""
    if image[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(image) and image[at] == 0xFF:
        marker, length = image[at + 1], int.from_bytes(image[at + 2 : at + 4])
        # Start of frame; C4, C8 and CC among these numbers are tables.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height = int.from_bytes(image[at + 5 : at + 7])
            return int.from_bytes(image[at + 7 : at + 9]), height
        at += 2 + length
    return None
