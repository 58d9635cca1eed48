"""`GET /metrics`: everything that is counted, in the text format 0.0.4 that Prometheus reads.

One gateway answers a scrape, for all of them: it asks the broker, the cameras and the other
gateways. What a gateway says of itself carries its process; what it says of others does not.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.answered import Answered
from lensbus_gateway.bus import Commander
from lensbus_gateway.exposition import (
    COUNTER,
    GAUGE,
    HISTOGRAM,
    MEDIA_TYPE,
    Labels,
    Metric,
    render,
    together,
)
from lensbus_gateway.hub import Hub
from lensbus_gateway.pictures import PictureWatcher
from lensbus_gateway.pieces import Downloads
from lensbus_gateway.reader import Junk
from lensbus_gateway.readiness import Readiness, Verdict
from lensbus_gateway.siblings import told_by_others
from lensbus_gateway.viewers import Viewers
from lensbus_proto.errors import CommandError
from lensbus_proto.runtime.settings import Settings

BROKER_S: Final = 1.0
CALLBACKS_S: Final = 0.5

# Key in the answer of the broker, then name, type and meaning.
BROKER: Final = (
    ("uptime_s", "lensbus_broker_uptime_seconds", GAUGE, "Time since the broker began."),
    ("events", "lensbus_events_total", COUNTER, "Events that the broker published."),
    ("gaps", "lensbus_gaps_total", COUNTER, "Gaps in the events of workers that were declared."),
    ("lost", "lensbus_lost_events_total", COUNTER, "Events of workers in those gaps."),
    ("workers", "lensbus_workers_present", GAUGE, "Workers that are heard."),
    ("pending", "lensbus_commands_pending", GAUGE, "Commands that wait for their camera."),
    ("overdue", "lensbus_commands_overdue_total", COUNTER, "Commands not answered in time."),
    ("journal_degraded", "lensbus_journal_degraded", GAUGE, "1 if the disk refuses events."),
    ("journal_events", "lensbus_journal_events", GAUGE, "Events that the journal keeps."),
    ("journal_bytes", "lensbus_journal_bytes", GAUGE, "Size of the events in the journal."),
)
# The same for maps: key, name, the label that the map's keys become, and meaning.
BROKER_MAPS: Final = (
    ("junk", "lensbus_junk_messages_total", "source", "Messages that the broker dropped."),
    ("starts", "lensbus_worker_starts_total", "camera", "Workers that began."),
    ("losses", "lensbus_worker_losses_total", "camera", "Workers that fell silent."),
)
# Of the answer of `callbacks`: key, name, type and meaning.
CALLBACKS: Final = (
    ("taken", "lensbus_sdk_callbacks_total", COUNTER, "Callbacks of the SDK."),
    ("folded", "lensbus_sdk_callbacks_folded_total", COUNTER, "Those that joined others."),
    ("lost", "lensbus_sdk_callbacks_lost_total", COUNTER, "Those for which there was no room."),
    ("most", "lensbus_sdk_callbacks_waiting_most", GAUGE, "The most that waited at once."),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What one gateway counts, wherever it does."""

    hub: Hub
    viewers: Viewers
    downloads: Downloads
    pictures: PictureWatcher
    commander: Commander
    answered: Answered
    junk: Sequence[Junk]

    def metrics(self) -> list[Metric]:
        """Return all of it."""
        process = ("process", str(os.getpid()))
        return [
            *_of_streams(self.hub, process),
            *_of_pictures(self.viewers, self.pictures, process),
            Metric(
                "lensbus_gateway_downloads_open",
                GAUGE,
                "Saved files that are on their way to clients.",
                {(process,): len(self.downloads)},
            ),
            *_of_commands(self.commander, process),
            *_of_answers(self.answered, process),
            Metric(
                "lensbus_gateway_junk_messages_total",
                COUNTER,
                "Messages that the gateway dropped, by where they came from.",
                {(process, ("source", one.source)): one.total for one in self.junk},
            ),
        ]


async def answer(request: Request) -> Response:
    """Answer one scrape; a broker that is away is a metric too."""
    state = request.app.state
    settings: Settings = state.settings
    counted: Counted = state.counted
    of_bus, of_others = await asyncio.gather(
        _of_bus(state.commander, state.readiness), told_by_others(settings.state / "run")
    )
    metrics = together([*of_bus, *counted.metrics(), *of_others])
    return Response(render(metrics), media_type=MEDIA_TYPE)


async def _of_bus(commander: Commander, readiness: Readiness) -> list[Metric]:
    verdict = await readiness.look()
    figures, callbacks = None, {}
    if not verdict.broker:
        figures, callbacks = await asyncio.gather(
            _ask(commander, "", "metrics", BROKER_S), _all_callbacks(commander, verdict)
        )
    return [*_of_broker(figures), *_of_cameras(verdict), *_of_callbacks(callbacks)]


async def _ask(
    commander: Commander, camera: str, name: str, deadline_s: float
) -> Mapping[str, Any] | None:
    try:
        return (await commander.send(camera, name, deadline_s=deadline_s)).result
    except CommandError:
        return None


async def _all_callbacks(commander: Commander, verdict: Verdict) -> dict[str, Mapping[str, Any]]:
    """Return how the SDK's callbacks fared in each Sony camera that answers."""
    cameras = [one.camera for one in verdict.cameras if one.vendor == "sony" and one.ready]
    answers = await asyncio.gather(
        *(_ask(commander, camera, "callbacks", CALLBACKS_S) for camera in cameras)
    )
    return {camera: found for camera, found in zip(cameras, answers, strict=True) if found}


def _of_broker(figures: Mapping[str, Any] | None) -> Iterator[Metric]:
    yield Metric("lensbus_broker_up", GAUGE, "1 if the broker answers.", {(): figures is not None})
    if figures is None:
        return
    for key, name, kind, meaning in BROKER:
        if isinstance(value := figures.get(key), int | float):
            yield Metric(name, kind, meaning, {(): value})
    crashes = figures.get("crashes")
    if isinstance(crashes, Mapping):
        yield Metric(
            "lensbus_worker_crashes_total",
            COUNTER,
            "Processes of workers that died, by the signal that ended them.",
            {
                (("camera", camera), ("signal", signal)): count
                for camera, counts in crashes.items()
                for signal, count in counts.items()
            },
        )
    for key, name, label, meaning in BROKER_MAPS:
        if isinstance(counts := figures.get(key), Mapping):
            values: dict[Labels, float] = {((label, of),): count for of, count in counts.items()}
            yield Metric(name, COUNTER, meaning, values)


def _of_cameras(verdict: Verdict) -> Iterator[Metric]:
    yield Metric("lensbus_ready", GAUGE, "1 if /readyz says so.", {(): verdict.ready})
    ready: dict[Labels, float] = {
        (("camera", one.camera), ("vendor", one.vendor)): one.ready for one in verdict.cameras
    }
    yield Metric("lensbus_camera_ready", GAUGE, "1 if the camera is ready.", ready)


def _of_callbacks(callbacks: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    for key, name, kind, meaning in CALLBACKS:
        values: dict[Labels, float] = {
            (("camera", camera),): found[key]
            for camera, found in callbacks.items()
            if isinstance(found.get(key), int)
        }
        yield Metric(name, kind, meaning, values)


def _of_streams(hub: Hub, process: tuple[str, str]) -> Iterator[Metric]:
    for name, kind, meaning, value in (
        ("clients_open", GAUGE, "Event streams that are open.", len(hub)),
        ("clients_behind", GAUGE, "Those that are served from the ring.", hub.behind),
        ("clients_opened_total", COUNTER, "Event streams that began.", hub.opened),
        ("clients_refused_total", COUNTER, "Clients asked to come back later.", hub.refused),
        ("clients_closed_total", COUNTER, "Streams closed for lag.", hub.closed_behind),
        ("deliveries_total", COUNTER, "Events written to clients.", hub.deliveries),
        ("gaps_total", COUNTER, "Gaps among them.", hub.gaps),
    ):
        yield Metric(f"lensbus_gateway_{name}", kind, meaning, {(process,): value})
    yield Metric(
        "lensbus_gateway_delivery_seconds",
        HISTOGRAM,
        "From the driver's sight of an event to the write to its readers.",
        hub.latency.values(process),
    )


def _of_pictures(
    viewers: Viewers, pictures: PictureWatcher, process: tuple[str, str]
) -> Iterator[Metric]:
    def by_stream(counts: Mapping[tuple[str, str], float]) -> dict[Labels, float]:
        return {
            (process, ("camera", camera), ("stream", stream)): count
            for (camera, stream), count in counts.items()
        }

    for name, kind, meaning, counts in (
        ("pictures_total", COUNTER, "Pictures that came.", pictures.arrived),
        ("pictures_skipped_total", COUNTER, "Pictures that newer ones overtook.", pictures.skipped),
        (
            "pictures_passed_over_total",
            COUNTER,
            "Pictures that a viewer was not given, added up over all viewers.",
            viewers.passed_over,
        ),
        (
            "picture_age_seconds",
            GAUGE,
            "Age of the newest picture of each stream that is watched.",
            pictures.ages_s(),
        ),
    ):
        yield Metric(f"lensbus_gateway_{name}", kind, meaning, by_stream(counts))
    for name, kind, meaning, value in (
        ("viewers_open", GAUGE, "Who watches pictures.", len(viewers)),
        ("viewers_cut_total", COUNTER, "Viewers who took nothing for too long.", viewers.cut),
    ):
        yield Metric(f"lensbus_gateway_{name}", kind, meaning, {(process,): value})
    yield Metric(
        "lensbus_gateway_picture_seconds",
        HISTOGRAM,
        "From the driver's sight of a picture to the gateway.",
        pictures.latency.values(process),
    )


def _of_commands(commander: Commander, process: tuple[str, str]) -> Iterator[Metric]:
    trips: dict[Labels, float] = {}
    for name, histogram in commander.trips.items():
        trips |= histogram.values(process, ("name", name))
    yield Metric("lensbus_gateway_command_seconds", HISTOGRAM, "Round trips of commands.", trips)
    yield Metric(
        "lensbus_gateway_command_failures_total",
        COUNTER,
        "Commands that failed, by the code of their error.",
        {
            (process, ("name", name), ("code", code)): count
            for (name, code), count in commander.failures.items()
        },
    )


def _of_answers(answered: Answered, process: tuple[str, str]) -> Iterator[Metric]:
    yield Metric(
        "lensbus_gateway_http_answers_total",
        COUNTER,
        "Answers over HTTP, by surface and class of status.",
        {
            (process, ("surface", surface), ("status", status)): count
            for (surface, status), count in answered.statuses.items()
        },
    )
    yield Metric(
        "lensbus_gateway_http_refused_total",
        COUNTER,
        "Requests refused before the application, by status.",
        {(process, ("status", str(status))): count for status, count in answered.refused.items()},
    )
    durations: dict[Labels, float] = {}
    for surface, histogram in answered.durations.items():
        durations |= histogram.values(process, ("surface", surface))
    yield Metric("lensbus_gateway_http_seconds", HISTOGRAM, "Time to answer over HTTP.", durations)
