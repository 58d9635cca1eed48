"""What an event and an idle client cost the gateway, beside nchan and a bare loop in C.

Run: `.venv/bin/python tests/bench/bench_sse.py`; about four minutes, bounded by count and time.
Needs `cc`; without nginx and its module nchan that column is left out. The servers take turns,
`--rounds` times, and medians count: what else runs on the machine disturbs all alike. Server on the
first core; readers (sse_readers.c) and publisher on the last. CPU is that of all threads of the
server's processes.

- delivery: 100 and 1000 clients, 20 events/s of about 200 bytes of data;
- saturated: a burst to 1000 clients, from the first event read to the last;
- connects/s and memory: 5000 clients that come at once and then wait;
- costs: the gateway behind the real broker and a real worker (publisher.py), 1000 clients, without
  and with ids, a filter that everything passes, and the journal; CPU of gateway and broker;
- idle: 10 000 clients with `?heartbeat=1`: all memory, and how late heartbeats are.

A round counts only if every client got every event, once and in order.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

FOLDERS = ("tests", "tests/bench", "proto", "broker", "gateway", "services", "deploy")
sys.path[:0] = [str(Path(__file__).parents[2] / folder) for folder in FOLDERS]

import sse_servers  # noqa: E402  # the path comes first
from sse_servers import BROKER, CORES, FLOOR, GATEWAY, JOURNAL, NCHAN, Server  # noqa: E402

from kit.gateway import event  # noqa: E402
from lensbus_proto.messages import Event  # noqa: E402

PROGRAMS: Final = ("sse_readers", "sse_floor")
PUBLISHER: Final = Path(__file__).with_name("publisher.py")
RATE: Final = 20
PAD: Final = 100
CROWD: Final = 1000
BURST: Final = {GATEWAY: 5000, NCHAN: 200}  # events; a second or two each
ARRIVING: Final = 5000
IDLE: Final = 10_000
IDLE_S: Final = 8.0
BEAT_S: Final = 1.0
LIMIT_S: Final = 30.0
EXTRA_S: Final = 3.0

CPU, P50, P99 = "CPU per delivery, us", "p50, ms", "p99, ms"
SATURATED, MEMORY, CONNECTS = "saturated, deliveries/s", "KiB per idle client", "connects/s"
# The measure, its goal as a multiple of nchan's, and whether less is better.
GOALS: Final = {
    f"{CPU}, 100 clients": (0.85, True),
    f"{CPU}, {CROWD} clients": (0.85, True),
    f"{P99}, 100 clients": (1.0, True),
    f"{P99}, {CROWD} clients": (1.0, True),
    SATURATED: (20.0, False),
    MEMORY: (0.65, True),
    CONNECTS: (0.33, False),
}
FLOOR_GOAL: Final = 1.4

# One thing more each time: what is told, behind which server, and what the clients ask for.
COSTS: Final[Mapping[str, Mapping[str, str]]] = {
    BROKER: {"events alone": "?ids=0", "and ids": "", "and a filter": "?types=numbered"},
    JOURNAL: {"and the journal": "?types=numbered"},
}

Figures = dict[str, float]
Table = dict[str, dict[str, list[float]]]  # of each measure: by server, the figure of each round


@contextmanager
def readers(
    programs: Path,
    server: Server,
    streams: int,
    *,
    events: int = 0,
    seconds: float = LIMIT_S,
    query: str = "",
    beat_s: float = 0.0,
    awake: bool = True,
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Yield, once all streams are open, what waits for their end and returns what they saw."""
    path = server.path + query
    arguments = map(str, (streams, events, seconds, beat_s, int(awake), server.port, path))
    process = subprocess.Popen(
        [str(programs / "sse_readers"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stdout is not None
    stdout = process.stdout
    watchdog = threading.Timer(seconds + LIMIT_S, process.kill)
    watchdog.start()
    try:
        assert process.stderr.readline() == "READY\n"
        yield lambda: json.loads(stdout.readline())
        process.wait()
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


def check(got: dict[str, Any], expected: int) -> None:
    assert got["events"] == expected, (got, expected)
    assert got["wrong"] == got["lost"] == 0, got


def numbered(n: int) -> Event:
    return event("BENCH1", "numbered", seq=n, n=n, t_ns=time.monotonic_ns(), pad="x" * PAD)


def publish_all(server: Server, count: int) -> None:
    """Publish so many events, evenly spaced."""
    if server.state is not None:
        options = {"--state": server.state, "--rate": RATE, "--count": count, "--pad": PAD}
        words = [str(word) for option in options.items() for word in option]
        subprocess.run(
            [sys.executable, str(PUBLISHER), *words],
            check=True,
            capture_output=True,
            timeout=count / RATE + LIMIT_S,
        )
        return
    begin_s = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begin_s + number / RATE - time.monotonic()))
        server.publish(numbered(number + 1))


def delivery(
    programs: Path, server: Server, streams: int, seconds: float, *, query: str = "", awake: bool
) -> Figures:
    """Return CPU and age of deliveries at a rate."""
    count = int(RATE * seconds)
    limit_s = seconds + EXTRA_S
    with readers(
        programs, server, streams, events=count, seconds=limit_s, query=query, awake=awake
    ) as end:
        before_s = server.cpu_s()
        publish_all(server, count)
        got = end()
        cpu_s = server.cpu_s() - before_s
    check(got, streams * count)
    return {CPU: cpu_s * 1e6 / got["events"], P50: got["p50_ms"], P99: got["p99_ms"]}


def saturated(programs: Path, server: Server, streams: int, count: int) -> Figures:
    """Return how many deliveries a second there are when the server never has to wait."""
    with readers(programs, server, streams, events=count) as end:
        for number in range(count):
            server.publish(numbered(number + 1))
        got = end()
    check(got, streams * count)
    return {SATURATED: got["events"] / got["span_s"]}


def arrival(programs: Path, server: Server, streams: int) -> Figures:
    """Return what many clients that come at once and then wait cost."""
    before_kib, before_s = server.memory_kib(), server.cpu_s()
    with readers(programs, server, streams, seconds=1) as end:
        used_kib, cpu_s = server.memory_kib() - before_kib, server.cpu_s() - before_s
        got = end()
    return {
        MEMORY: used_kib / streams,
        CONNECTS: streams / got["connect_s"],
        "CPU per connect, us": cpu_s * 1e6 / streams,
    }


@contextmanager
def warm(name: str, programs: Path) -> Iterator[Server]:
    """Run a server that has had its first clients: what grows once is not counted."""
    with sse_servers.running(name, programs) as server:
        with readers(programs, server, 200, seconds=0.3):
            pass
        yield server


def side_by_side(programs: Path, names: Sequence[str], rounds: int, seconds: float) -> Table:
    """Measure the servers in turns."""
    table: Table = defaultdict(lambda: defaultdict(list))

    def note(name: str, figures: Figures, suffix: str = "") -> None:
        for measure, figure in figures.items():
            table[measure + suffix][name].append(figure)

    for number in range(rounds):
        for name in names:
            progress(f"round {number + 1}: {name}")
            with warm(name, programs) as server:
                for streams in (100, CROWD):
                    figures = delivery(programs, server, streams, seconds, awake=True)
                    note(name, figures, f", {streams} clients")
                if name in BURST:
                    note(name, saturated(programs, server, CROWD, BURST[name]))
            if name in BURST:
                with warm(name, programs) as server:
                    note(name, arrival(programs, server, ARRIVING))
    return table


def show(table: Table, names: Sequence[str]) -> None:
    print(f"{'':36}" + "".join(f"{name:>14}" for name in names), "  ratio, goal")
    for measure, by_name in table.items():
        figures = {name: median(found) for name, found in by_name.items()}
        row = "".join(f"{format_(figures.get(name)):>14}" for name in names)
        print(f"{measure:36}{row}   {verdict(measure, figures)}")


def format_(figure: float | None) -> str:
    if figure is None:
        return "-"
    return f"{figure:,.0f}" if abs(figure) >= 1000 else f"{figure:.2f}"


def verdict(measure: str, figures: Figures) -> str:
    """Return how the gateway stands to the others, and the goals for that."""
    told = []
    if measure in GOALS and NCHAN in figures:
        goal, less = GOALS[measure]
        ratio = figures[GATEWAY] / figures[NCHAN]
        good = ratio <= goal if less else ratio >= goal
        sign = "<=" if less else ">="
        told.append(f"{ratio:.2f} x nchan ({sign} {goal}{'' if good else ', missed'})")
    if measure.startswith(CPU) and FLOOR in figures:
        ratio = figures[GATEWAY] / figures[FLOOR]
        missed = "" if ratio <= FLOOR_GOAL else ", missed"
        told.append(f"{ratio:.2f} x C (<= {FLOOR_GOAL}{missed})")
    return "; ".join(told)


def costs(programs: Path, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return the CPU per delivery with one thing more each time, of gateway and broker."""
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        for name, queries in COSTS.items():
            progress(f"round {number + 1}: {name}")
            with warm(name, programs) as server:
                for label, query in queries.items():
                    figures = delivery(programs, server, CROWD, seconds, query=query, awake=True)
                    found[label].append(figures[CPU])
    return found


def show_costs(found: dict[str, list[float]]) -> None:
    before: float | None = None
    for label, figures in found.items():
        now = median(figures)
        more = (
            "" if before is None else f"{now - before:+.2f} us ({(now / before - 1) * 100:+.0f} %)"
        )
        print(f"{label:36}{now:14.2f}   {more}")
        before = now


def show_idle(programs: Path, name: str, query: str, beat_s: float) -> None:
    with (
        sse_servers.running(name, programs) as server,
        readers(
            programs, server, IDLE, seconds=IDLE_S, query=query, beat_s=beat_s, awake=False
        ) as end,
    ):
        time.sleep(IDLE_S / 2)
        memory_mib = server.memory_kib() / 1024
        got = end()
    assert got["lost"] == 0, got
    late = f", {got['beats']} heartbeats, late p99 {got['late_p99_ms']:.1f} ms" if beat_s else ""
    print(f"{name}: {IDLE} idle clients, {memory_mib:.1f} MiB in all{late}")


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of each run at a rate")
    options = parser.parse_args()
    os.sched_setaffinity(0, CORES[-1:])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    names = [GATEWAY, NCHAN, FLOOR]
    if why := sse_servers.why_not(NCHAN):
        print(why)
        names.remove(NCHAN)
    with tempfile.TemporaryDirectory() as folder:
        programs = Path(folder)
        for name in PROGRAMS:
            source = Path(__file__).with_name(f"{name}.c")
            subprocess.run(["cc", "-O2", "-o", str(programs / name), str(source)], check=True)
        show(side_by_side(programs, names, options.rounds, options.seconds), names)
        print(f"\nCPU per delivery of gateway and broker, {CROWD} clients, us")
        show_costs(costs(programs, options.rounds, options.seconds))
        print()
        show_idle(programs, GATEWAY, f"?heartbeat={BEAT_S:g}", BEAT_S)
        if NCHAN in names:
            show_idle(programs, NCHAN, "", 0)


if __name__ == "__main__":
    main()
