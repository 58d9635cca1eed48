"""The picture side of a worker: one thread with one socket that publishes what is watched."""

import logging
import threading
from collections import Counter

import zmq

from lensbus_proto.codec import pack_picture
from lensbus_proto.errors import LensbusError
from lensbus_proto.messages import Header, HeaderType, Picture
from lensbus_services.driver import Driver

logger = logging.getLogger(__name__)

IDLE_MS = 200
WATCHED_S = 0.1
TROUBLE_S = 1.0


def publish_pictures(
    socket: "zmq.Socket[bytes]", camera: str, epoch: int, driver: Driver, end: threading.Event
) -> None:
    """Publish pictures of the streams that somebody subscribed to, until `end` is set.

    A stream is watched while its full topic is subscribed: a tap on everything sees pictures that
    others look at, and has none made for itself. Closes the socket.
    """
    watched: frozenset[str] = frozenset()
    numbers: Counter[str] = Counter()
    with socket:
        while not end.is_set():
            if socket.poll(0 if watched else IDLE_MS):
                watched = read_subscriptions(socket, camera, watched)
                driver.watch(watched)
            if not watched:
                continue
            try:
                frames = driver.pictures(WATCHED_S)
            except LensbusError as error:
                logger.warning("no pictures", extra={"camera": camera, "reason": error})
                end.wait(TROUBLE_S)
                continue
            except Exception:  # the edge of a thread: without it there would be no more pictures
                logger.exception("pictures failed", extra={"camera": camera})
                end.wait(TROUBLE_S)
                continue
            for frame in frames:
                numbers[frame.stream] += 1
                number = numbers[frame.stream]
                header = Header(HeaderType.PICTURE, epoch, number, frame.time_us)
                picture = Picture(camera, frame.stream, header, frame.info, frame.image)
                socket.send_multipart(pack_picture(picture))


def read_subscriptions(
    socket: "zmq.Socket[bytes]", camera: str, watched: frozenset[str]
) -> frozenset[str]:
    """Return the watched streams after all subscription messages that have come in."""
    prefix = f"{camera}/".encode()
    while socket.poll(0):
        message = socket.recv()
        if message[1:].startswith(prefix) and message[1 + len(prefix) :].isascii():
            stream = message[1 + len(prefix) :].decode("ascii")
            if message[0] == 1 and stream:
                watched |= {stream}
            elif message[0] == 0:
                watched -= {stream}
    return watched
