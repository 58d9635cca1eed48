"""Metrics as Prometheus reads them: the text format 0.0.4. Pure.

A gateway hands its metrics to the one that answers a scrape; so they are plain values that can be
put together before they are written.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

MEDIA_TYPE: Final = "text/plain; version=0.0.4"

COUNTER: Final = "counter"
GAUGE: Final = "gauge"
HISTOGRAM: Final = "histogram"

# From what loopback takes to what a person calls broken, in seconds.
SECONDS: Final = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)

Labels = tuple[tuple[str, str], ...]


class Metric(NamedTuple):
    """One name, what it means, and its values by their labels.

    The samples of a histogram carry the end of their name as the label `""`.
    """

    name: str
    type: str
    meaning: str
    values: Mapping[Labels, float]


class Histogram:
    """Counts how long things took."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one; what a clock that was set back calls negative is nothing."""
        value = max(value, 0.0)
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def values(self, *labels: tuple[str, str]) -> dict[Labels, float]:
        """Return the samples of a metric with these labels."""
        found: dict[Labels, float] = {}
        total = 0
        for bound, count in zip((*self._bounds, None), self._counts, strict=True):
            total += count
            end = "+Inf" if bound is None else f"{bound:g}"
            found[(("", "_bucket"), *labels, ("le", end))] = total
        found[(("", "_sum"), *labels)] = self._sum
        found[(("", "_count"), *labels)] = total
        return found


def together(metrics: Iterable[Metric]) -> list[Metric]:
    """Return metrics of several processes as one of each name."""
    by_name: dict[str, Metric] = {}
    for metric in metrics:
        there = by_name.get(metric.name)
        values = metric.values if there is None else {**there.values, **metric.values}
        by_name[metric.name] = metric._replace(values=values)
    return list(by_name.values())


def render(metrics: Iterable[Metric]) -> str:
    """Return metrics as Prometheus reads them."""
    lines = []
    for name, kind, meaning, values in metrics:
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
        for labels, value in values.items():
            end = "".join(text for key, text in labels if not key)
            inside = ",".join(f'{key}="{_escape(text)}"' for key, text in labels if key)
            # The plus makes a number of a bool.
            lines.append(f"{name}{end}{{{inside}}} {+value}" if inside else f"{name}{end} {+value}")
    return "".join(f"{line}\n" for line in lines)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
