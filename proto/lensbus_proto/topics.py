"""Topics: `<camera>/<kind>` for events, `<camera>/<stream>` for pictures.

ASCII, so that a ZeroMQ prefix subscription is a filter. An id never holds a slash, so
`b"D10F60149B0C/"` subscribes to exactly one camera.
"""

import re
from functools import lru_cache
from typing import Final

from lensbus_proto.errors import LocalProtocolError, RemoteProtocolError

CAMERA_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,63}")
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
TOPIC_LIMIT: Final = 129
VIDEO: Final = "h264."  # before the name of a stream: its pictures as video
NETWORK: Final = "nn."  # before the name of a stream: what its neural network finds
BROKER: Final = "broker"  # in place of a camera: events about the bus itself


def is_camera_id(text: str) -> bool:
    """Tell whether the text can name a camera: 1 to 64 of letters, digits, and `: . _ -`."""
    return CAMERA_ID.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Tell whether the text can name a kind, a stream or a command."""
    return NAME.fullmatch(text) is not None


def video_of(stream: str) -> str:
    """Return the name under which the pictures of a stream are published as video."""
    return VIDEO + stream


def network_of(stream: str) -> str:
    """Return the name under which the results of a stream's network are published."""
    return NETWORK + stream


def join_topic(camera: str, name: str) -> bytes:
    """Return the topic of one kind or stream of one camera."""
    if not is_camera_id(camera) or not is_name(name):
        raise LocalProtocolError(f"no topic can be made of camera {camera!r} and name {name!r}")
    return f"{camera}/{name}".encode("ascii")


@lru_cache(4096)  # a few kinds of a few cameras come again and again
def split_topic(topic: bytes) -> tuple[str, str]:
    """Return the camera and the kind or stream that a topic names."""
    if len(topic) <= TOPIC_LIMIT and topic.isascii():
        camera, slash, name = topic.decode("ascii").partition("/")
        if slash and is_camera_id(camera) and is_name(name):
            return camera, name
    raise RemoteProtocolError(f"not a topic: {topic[:40]!r}")
