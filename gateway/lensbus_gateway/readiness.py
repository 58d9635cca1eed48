"""Is every camera ready? Ready means that its SDK answers now, or that its pictures come.

A process that exists is not enough: each camera is asked something that its SDK has to answer. All
of that has a limit and is remembered for a moment, so that any number of askers costs one look.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from lensbus_proto.errors import (
    CameraBusy,
    CommandError,
    NotConnected,
    ProtocolError,
    RemoteProtocolError,
)
from lensbus_proto.messages import Reply

BROKER_S: Final = 1.0
CAMERA_S: Final = 2.0
KEPT_S: Final = 1.0
# A stream that somebody looks at and whose newest picture is older than this does not flow.
OLD_S: Final = 5.0
# The state of a body's battery: small, and every body has it. What it is does not matter.
BATTERY: Final = 0x0702


class Commander(Protocol):
    """Sends one command and waits for its reply; raises CommandError."""

    async def send(
        self,
        camera: str,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        deadline_s: float = 5.0,
    ) -> Reply:
        """Return the reply; an empty camera addresses the broker."""


class Pictures(Protocol):
    """The pictures that somebody watches."""

    def ages_s(self) -> Mapping[tuple[str, str], float]:
        """Return how old the newest picture of each stream is."""


@dataclass(frozen=True, slots=True)
class CameraVerdict:
    """Whether one camera is ready, and why not; of a ready one perhaps what is worth knowing."""

    camera: str
    vendor: str
    ready: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the system is ready. `journal` is empty while the journal is well."""

    broker: str
    journal: str
    cameras: Sequence[CameraVerdict]

    @property
    def ready(self) -> bool:
        """Tell whether the broker answers and every camera is ready."""
        return not self.broker and all(one.ready for one in self.cameras)


class Readiness:
    """Looks when it is asked, once for all who ask within a moment."""

    def __init__(
        self, commander: Commander, pictures: Pictures, expected: Sequence[str] = ()
    ) -> None:
        self._commander = commander
        self._pictures = pictures
        self._expected = expected
        self._looking: asyncio.Task[Verdict] | None = None
        self._looked_s = 0.0

    async def look(self) -> Verdict:
        """Return how things stand, at most `KEPT_S` old."""
        looking = self._looking
        if looking is None or (looking.done() and time.monotonic() - self._looked_s > KEPT_S):
            looking = self._looking = asyncio.create_task(self._look())
        # Who gives up waiting must not take the look away from the others.
        return await asyncio.shield(looking)

    async def close(self) -> None:
        """Stop looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look(self) -> Verdict:
        try:
            return await self._ask()
        except (CommandError, ProtocolError) as error:
            missing = [_missing(camera, "the broker does not answer") for camera in self._expected]
            return Verdict(str(error), "", missing)
        finally:
            self._looked_s = time.monotonic()

    async def _ask(self) -> Verdict:
        listed, figures = await asyncio.gather(
            self._commander.send("", "cameras", deadline_s=BROKER_S),
            self._commander.send("", "metrics", deadline_s=BROKER_S),
        )
        entries = (listed.result or {}).get("cameras")
        if not isinstance(entries, list):
            raise RemoteProtocolError("the broker does not tell its cameras")
        found = await asyncio.gather(*(self._judge(entry) for entry in entries))
        known = {one.camera for one in found}
        missing = [
            _missing(camera, "it is expected, and nothing is known of it")
            for camera in self._expected
            if camera not in known
        ]
        degraded = bool((figures.result or {}).get("journal_degraded"))
        journal = "degraded: events are delivered, and a restart may lose some" if degraded else ""
        return Verdict("", journal, sorted([*found, *missing], key=lambda one: one.camera))

    async def _judge(self, entry: Mapping[str, Any]) -> CameraVerdict:
        """Ask one camera."""
        camera, vendor = str(entry["camera"]), str(entry["vendor"])
        if reason := fault_of(entry):
            return CameraVerdict(camera, vendor, ready=False, reason=reason)
        if reason := self._silent_stream(camera):
            return CameraVerdict(camera, vendor, ready=False, reason=reason)
        try:
            remark = await (self._ask_sony(entry) if vendor == "sony" else self._ask_oak(camera))
        except CameraBusy as error:
            return CameraVerdict(camera, vendor, ready=True, reason=f"busy: {error.message}")
        except CommandError as error:
            reason = f"{error.message} ({error.code})"
            return CameraVerdict(camera, vendor, ready=False, reason=reason)
        return CameraVerdict(camera, vendor, ready=True, reason=remark)

    async def _ask_sony(self, entry: Mapping[str, Any]) -> str:
        camera = str(entry["camera"])
        try:
            codes = {"codes": [BATTERY]}
            await self._commander.send(camera, "properties.get", codes, deadline_s=CAMERA_S)
        except NotConnected:
            answer = await self._commander.send(camera, "connection", deadline_s=CAMERA_S)
            if (answer.result or {}).get("wished"):
                raise NotConnected("its connection is lost, and being brought back") from None
            return "nobody has connected it"
        return ""

    async def _ask_oak(self, camera: str) -> str:
        try:
            await self._commander.send(camera, "stats", deadline_s=CAMERA_S)
        except NotConnected:
            return "it was shut down by a client"
        return ""

    def _silent_stream(self, camera: str) -> str:
        """Return which stream of a camera somebody looks at in vain; empty if there is none."""
        for (of, stream), age_s in self._pictures.ages_s().items():
            if of == camera and age_s > OLD_S:
                return f"the newest picture of {stream} is {age_s:.0f} s old"
        return ""


def fault_of(entry: Mapping[str, Any]) -> str:
    """Return what keeps a camera from being asked at all; empty if nothing does."""
    if entry.get("state") != "present":
        return f"its worker is {entry.get('state')}"
    if entry.get("stuck"):
        return f"its SDK hangs in {entry['stuck']}"
    description = entry.get("description")
    if isinstance(description, Mapping) and "failed" in description:
        deaths = description["failed"]
        return f"its worker died {deaths} times in a row: read its log, then `lensbus restart`"
    return ""


def _missing(camera: str, reason: str) -> CameraVerdict:
    return CameraVerdict(camera, "", ready=False, reason=reason)
