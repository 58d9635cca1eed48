"""Events as parts, for tests of the journal."""

from lensbus_proto.codec import pack_event
from lensbus_proto.messages import Event, Header, HeaderType


def event_parts(n: int, camera: str = "CAM1", epoch: int = 10, size: int = 0) -> list[bytes]:
    """Return the n-th event of a worker, not stamped yet."""
    header = Header(HeaderType.EVENT, epoch, n, 1000 + n)
    return pack_event(Event(camera, "warning", header, {"n": n, "text": "x" * size}))
