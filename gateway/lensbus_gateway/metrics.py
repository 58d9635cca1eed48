"""`GET /metrics`: what broker and gateway count, in the text format 0.0.4 that Prometheus reads.

One gateway answers a scrape. What it says of itself carries its process, because the next scrape
may be answered by another one; what it says of the broker does not.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.bus import Commander
from lensbus_gateway.hub import Hub
from lensbus_gateway.reader import Junk
from lensbus_proto.errors import CommandError

BROKER_S: Final = 1.0
MEDIA_TYPE: Final = "text/plain; version=0.0.4"

COUNTER: Final = "counter"
GAUGE: Final = "gauge"

Labels = tuple[tuple[str, str], ...]


class Metric(NamedTuple):
    """One name, what it means, and its values by their labels."""

    name: str
    type: str
    meaning: str
    values: Mapping[Labels, float]


# Key in the answer of the broker, then name, type and meaning.
BROKER: Final = (
    ("uptime_s", "lensbus_broker_uptime_seconds", GAUGE, "Time since the broker began."),
    ("events", "lensbus_events_total", COUNTER, "Events that the broker published."),
    ("gaps", "lensbus_gaps_total", COUNTER, "Gaps in the events of workers that were declared."),
    ("lost", "lensbus_lost_events_total", COUNTER, "Events of workers in those gaps."),
    ("workers", "lensbus_workers_present", GAUGE, "Workers that are heard."),
    ("journal_degraded", "lensbus_journal_degraded", GAUGE, "1 if the disk refuses events."),
    ("journal_events", "lensbus_journal_events", GAUGE, "Events that the journal keeps."),
    ("journal_bytes", "lensbus_journal_bytes", GAUGE, "Size of the events in the journal."),
)


async def answer(request: Request) -> Response:
    """Answer one scrape; a broker that is away is a metric too."""
    state = request.app.state
    commander: Commander = state.commander
    try:
        figures = (await commander.send("", "metrics", deadline_s=BROKER_S)).result
    except CommandError:
        figures = None
    metrics = [*_of_broker(figures), *_of_gateway(state.hub, state.junk)]
    return Response(render(metrics), media_type=MEDIA_TYPE)


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
    junk = figures.get("junk")
    if isinstance(junk, Mapping):
        yield Metric(
            "lensbus_junk_messages_total",
            COUNTER,
            "Messages that the broker dropped, by where they came from.",
            {(("source", where),): dropped for where, dropped in junk.items()},
        )


def _of_gateway(hub: Hub, junk: Sequence[Junk]) -> Iterator[Metric]:
    process = ("process", str(os.getpid()))
    for name, kind, meaning, value in (
        ("clients_open", GAUGE, "Event streams that are open.", len(hub)),
        ("clients_behind", GAUGE, "Those that are served from the ring.", hub.behind),
        ("clients_closed_total", COUNTER, "Streams closed for lag.", hub.closed_behind),
        ("deliveries_total", COUNTER, "Events written to clients.", hub.deliveries),
        ("gaps_total", COUNTER, "Gaps among them.", hub.gaps),
    ):
        yield Metric(f"lensbus_gateway_{name}", kind, meaning, {(process,): value})
    yield Metric(
        "lensbus_gateway_junk_messages_total",
        COUNTER,
        "Messages that the gateway dropped, by where they came from.",
        {(process, ("source", one.source)): one.total for one in junk},
    )


def render(metrics: Sequence[Metric]) -> str:
    """Return metrics as Prometheus reads them."""
    lines = []
    for name, kind, meaning, values in metrics:
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
        for labels, value in values.items():
            inside = ",".join(f'{key}="{_escape(text)}"' for key, text in labels)
            # The plus makes a number of a bool.
            lines.append(f"{name}{{{inside}}} {+value}" if inside else f"{name} {+value}")
    return "".join(f"{line}\n" for line in lines)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
