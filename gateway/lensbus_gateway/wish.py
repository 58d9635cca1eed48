"""What a client wants of the stream, as it says in its request."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from lensbus_gateway.sse import GAP, Block
from lensbus_proto.topics import is_camera_id, is_name

HEARTBEAT_LEAST_S: Final = 1
HEARTBEAT_MOST_S: Final = 60
LAST_EVENT_ID: Final = "last-event-id"
CURSOR_NAMES: Final = ("last_event_id", "lastEventId")
NUMBER: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
NO: Final = frozenset(("0", "false", "no", "off"))


class Selection(NamedTuple):
    """Which events pass: of these cameras, of these kinds; None is all of them.

    A gap passes whatever the kinds: what is missing may have been of any kind.
    """

    cameras: frozenset[str] | None = None
    kinds: frozenset[str] | None = None

    def wants(self, block: Block) -> bool:
        """Tell whether a block passes."""
        if block.kind == GAP:
            return self.cameras is None or not block.camera or block.camera in self.cameras
        return (self.cameras is None or block.camera in self.cameras) and (
            self.kinds is None or block.kind in self.kinds
        )

    def pick(self, blocks: Sequence[Block]) -> Sequence[Block]:
        """Return the blocks that pass."""
        if self.cameras is None and self.kinds is None:
            return blocks
        return [block for block in blocks if self.wants(block)]


EVERYTHING: Final = Selection()


@dataclass(frozen=True, slots=True)
class Wish:
    """One request for a stream.

    `camera` is the one in the path. `after` is the cursor as the client sent it, None if it has
    none. Without `ids` the stream is as it was before there were cursors. `visible` are the cameras
    that are there for the client, None if all are. `readable_by` is the foreign origin whose page
    reads the stream.
    """

    camera: str | None = None
    selection: Selection = EVERYTHING
    after: str | None = None
    ids: bool = True
    heartbeat_s: int | None = None
    snapshot: bool = False
    visible: frozenset[str] | None = None
    readable_by: str = ""

    def within(self, visible: frozenset[str] | None) -> "Wish":
        """Return the wish of somebody for whom only these cameras are there."""
        if visible is None:
            return self
        asked, kinds = self.selection
        cameras = visible if asked is None else visible & asked
        return replace(self, selection=Selection(cameras, kinds), visible=visible)


def read_wish(
    camera: str | None, query: Sequence[tuple[str, str]], headers: Mapping[str, str]
) -> Wish:
    """Return what a request asks for.

    What cannot be understood is left out: after any status but 200 no browser comes back.
    """
    named = {name: value for name, value in query if value}
    cameras = _names(query, "cameras", is_camera_id)
    if camera is not None:
        cameras = frozenset((camera,)) & cameras if cameras is not None else frozenset((camera,))
    # The header is the newer of the two: after a reconnect the query is still the first one.
    after = headers.get(LAST_EVENT_ID) or next(
        (named[name] for name in CURSOR_NAMES if name in named), None
    )
    return Wish(
        camera=camera,
        selection=Selection(cameras, _names(query, "types", is_name)),
        after=after,
        ids=named.get("ids", "1").lower() not in NO,
        heartbeat_s=_heartbeat(named.get("heartbeat")),
        snapshot=named.get("snapshot", "0").lower() not in NO,
    )


def _names(
    query: Sequence[tuple[str, str]], name: str, is_good: Callable[[str], bool]
) -> frozenset[str] | None:
    """Return what the comma-separated lists of that name hold; None without such a list."""
    lists = [value for key, value in query if key == name and value]
    if not lists:
        return None
    words = (word.strip() for value in lists for word in value.split(","))
    return frozenset(word for word in words if is_good(word))


def _heartbeat(text: str | None) -> int | None:
    if text is None or not NUMBER.fullmatch(text):
        return None
    return min(max(math.ceil(float(text)), HEARTBEAT_LEAST_S), HEARTBEAT_MOST_S)
