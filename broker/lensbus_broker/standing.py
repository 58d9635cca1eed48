"""How every camera stood: what a broker that starts anew has to know about the time before.

It is told by the events themselves, so whoever reads them in order knows it. Pure.
"""

from typing import NamedTuple

from lensbus_broker.records import unpack_record
from lensbus_proto.codec import EVENT_LIMIT, unpack_header, unpack_map
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Data, HeaderType
from lensbus_proto.topics import BROKER, split_topic


class Standing(NamedTuple):
    """How far the newest worker of a camera had come, and whether it was there."""

    epoch: int
    seq: int
    present: bool = False  # told as started, and neither as lost nor as stopped
    connected: bool = False


Lives = dict[str, Standing]


def lives_to_map(lives: Lives) -> Data:
    """Return the map of a file for what is known."""
    return {camera: list(standing) for camera, standing in lives.items()}


def lives_from_map(known: Data) -> Lives:
    """Return what the map of a file says. Raises RemoteProtocolError."""
    try:
        return {
            camera: Standing(int(epoch), int(seq), bool(present), bool(connected))
            for camera, (epoch, seq, present, connected) in known.items()
        }
    except (TypeError, ValueError) as error:
        raise RemoteProtocolError(f"not a map of cameras: {error}") from error


def learn(lives: Lives, record: bytes) -> None:
    """Note what one event tells; events come in order of position."""
    topic, packed, body = unpack_record(record)
    try:
        camera, kind = split_topic(topic)
        header = unpack_header(packed, HeaderType.EVENT)
        seq = header.seq
        if header.from_broker and kind == "gap":
            seq = int(unpack_map(body, EVENT_LIMIT)["to_seq"])
    except (RemoteProtocolError, KeyError, TypeError, ValueError):
        return
    before = lives.get(camera, Standing(0, 0))
    if camera == BROKER or header.epoch < before.epoch:
        return
    if header.epoch > before.epoch:
        before = Standing(header.epoch, 0)
    present, connected = before.present, before.connected
    if header.from_broker and kind.startswith("worker."):
        present = kind == "worker.started"
    if kind in ("connected", "disconnected"):
        connected = kind == "connected"
    lives[camera] = Standing(header.epoch, max(seq, before.seq), present, connected)
