"""What a row of the fault matrix runs on: sources, ledgers and a nemesis around real processes.

Two kinds. A `supervised` rig is a whole system, as `lensbus up` starts it. A `bare` one has broker,
gateway and sources as children of the test, for what supervisord would stand in the way of.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol

from supervisor.xmlrpc import SupervisorTransport

from kit.bus import short_folder
from kit.judge import Life, Verdict, judge
from kit.ledger import Ledger, Readers, Tap, readers, tap
from kit.nemesis import Nemesis
from kit.processes import ROOT, SOURCES, environ, nothing_left, pids_of, wait_for
from kit.source import NUMBER
from kit.system import System, command_of, running_system
from lensbus_proto.runtime.settings import Settings, SystemSettings

SETTLE_S: Final = 15.0
names = count(1)


class Plant(Protocol):
    """The processes of a rig, however they are kept."""

    state: Path
    address: tuple[str, int]

    def pids(self) -> list[int]:
        """Return every process that may be struck."""

    def start_source(self, camera: str, command: Sequence[str]) -> None:
        """Have a source kept running."""

    def stop_source(self, camera: str) -> None:
        """End a source in order, for good."""

    def is_steady(self, camera: str) -> bool:
        """Tell whether a source is past the time in which its end would be a failed start."""


class Supervised:
    """A whole system; supervisord keeps the sources as it keeps the workers of cameras."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.state = system.state
        self.address = ("127.0.0.1", system.port)

    def pids(self) -> list[int]:
        return self._system.pids()

    def start_source(self, camera: str, command: Sequence[str]) -> None:
        group = f"worker-source-{camera}"
        path = os.pathsep.join(str(ROOT / source) for source in (*SOURCES, "tests"))
        program = PROGRAM.format(group=group, command=" ".join(command), path=path)
        (self.state / "workers" / f"{group}.conf").write_text(program)
        with self._manager() as manager:
            manager.supervisor.reloadConfig()
            manager.supervisor.addProcessGroup(group)

    def stop_source(self, camera: str) -> None:
        group = f"worker-source-{camera}"
        with self._manager() as manager:
            manager.supervisor.stopProcessGroup(group)
            manager.supervisor.removeProcessGroup(group)
            (self.state / "workers" / f"{group}.conf").unlink()
            manager.supervisor.reloadConfig()

    def is_steady(self, camera: str) -> bool:
        name = f"worker-source-{camera}"
        with self._manager() as manager:
            info: Any = manager.supervisor.getProcessInfo(f"{name}:{name}")
            return bool(info["statename"] == "RUNNING")

    def _manager(self) -> xmlrpc.client.ServerProxy:
        address = f"unix://{self.state / 'run' / 'supervisor.sock'}"
        transport = SupervisorTransport(None, None, address)
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)


# As discovery writes it for the worker of a camera.
PROGRAM: Final = """\
[program:{group}]
command="%(ENV_LENSBUS_PYTHON)s" {command}
environment=PYTHONPATH="{path}"
autorestart=true
startsecs=1
startretries=10
stopwaitsecs=4
redirect_stderr=true
stdout_logfile=%(ENV_LENSBUS_SYSTEM_STATE)s/logs/{group}.log
"""


class Bare:
    """Children of the test. Each is started, and started again, by the row itself."""

    def __init__(self, state: Path, variables: dict[str, str]) -> None:
        self.state = state
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.address: tuple[str, int] = self._listener.getsockname()
        self._environ = environ({"LENSBUS_SYSTEM_STATE": str(state), **variables})
        self._environ["PYTHONPATH"] += os.pathsep + str(ROOT / "tests")
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, Sequence[str]] = {}
        (state / "logs").mkdir()

    def pids(self) -> list[int]:
        return pids_of(self.state)

    def start(self, name: str, command: Sequence[str], before: Sequence[str] = ()) -> None:
        """Start a child; `before` is what runs it, as strace does."""
        assert name not in self._children
        with (self.state / "logs" / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen(
                [*before, sys.executable, *command],
                env=self._environ,
                stdin=self._listener.fileno(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def start_broker(self, before: Sequence[str] = ()) -> None:
        self.start("broker", ["-m", "lensbus_broker"], before)

    def start_gateway(self) -> None:
        self.start("gateway", ["-m", "lensbus_gateway", "--fd", "0"])

    def start_source(self, camera: str, command: Sequence[str]) -> None:
        self._commands[camera] = command
        self.start(camera, command)

    def start_again(self, camera: str) -> None:
        """Start a source that has been killed."""
        self.start(camera, self._commands[camera])

    def stop_source(self, camera: str) -> None:
        if camera in self._children:
            self.end(camera)

    def is_steady(self, camera: str) -> bool:
        return True  # whoever kills it starts it again

    def end(self, name: str) -> int:
        """End a child as a process manager does; return its exit code."""
        child = self._children.pop(name)
        if child.poll() is None:
            child.terminate()
        try:
            return child.wait(8)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(5)
            raise

    def bury(self, name: str) -> None:
        """Wait for a child that has been killed."""
        self._children.pop(name).wait(5)

    def close(self) -> None:
        for name in reversed(list(self._children)):
            self.end(name)
        self._listener.close()


@dataclass
class Source:
    """One source, as a row holds it."""

    camera: str
    plant: Plant
    folder: Path
    pad: int = 0
    kills: int = 0

    def start(self) -> None:
        """Have it run from now on."""
        command = ["-m", "kit.source", "--camera", self.camera, "--folder", str(self.folder)]
        self.plant.start_source(self.camera, [*command, "--pad", str(self.pad)])

    def rate(self, events_per_s: float) -> None:
        """Set how much it emits from now on; 0 is silence."""
        partial = self.folder / f"{self.camera}.partial"
        partial.write_text(str(events_per_s))
        partial.replace(self.folder / f"{self.camera}.rate")

    def stop(self) -> None:
        """End it in order, for good."""
        self.plant.stop_source(self.camera)

    def emitted(self) -> int:
        """Return how much it has emitted so far, in all its lives."""
        return sum(life.count for life in self.lives())

    def lives(self) -> list[Life]:
        """Return what it emitted, life by life; the first of them are the killed ones."""
        paths = sorted(self.folder.glob(f"{self.camera}.[0-9]*"))
        killed = set(paths[: self.kills])
        return [_life(self.camera, path, path in killed) for path in paths]

    def pid(self) -> int:
        """Return the pid of its process now; wait for it if need be."""
        return wait_for(lambda: next(iter(self.pids()), 0), limit_s=15)

    def pids(self) -> list[int]:
        """Return the pids of its processes now: more than one would be a fault."""
        mark = f"-m kit.source --camera {self.camera} "
        return [pid for pid in self.plant.pids() if mark in command_of(pid)]

    def wait_steady(self) -> None:
        """Wait until it may be killed and will be started again at once."""
        wait_for(lambda: self.plant.is_steady(self.camera), limit_s=15)

    def wait_ready(self) -> None:
        """Wait until it follows its rate."""
        wait_for(lambda: self.emitted() > 0, limit_s=15)


def _life(camera: str, path: Path, killed: bool) -> Life:
    written = path.read_bytes()
    numbers = [n for (n,) in NUMBER.iter_unpack(written[: len(written) // 8 * 8])]
    assert numbers == list(range(1, len(numbers) + 1)), path
    return Life(camera, int(path.suffix[1:]), len(numbers), killed)


@dataclass
class Rig:
    """Everything that one row has in hand."""

    row: str
    plant: Plant
    readers: Readers
    nemesis: Nemesis
    folder: Path
    sources: list[Source] = field(default_factory=list)
    taps: list[Tap] = field(default_factory=list)
    heals_ms: list[float] = field(default_factory=list)
    rss_mib: float = 0.0

    @property
    def ledgers(self) -> Sequence[Ledger]:
        """Every ledger of the row."""
        return [*self.readers.ledgers, *self.taps]

    @property
    def settings(self) -> Settings:
        """Where the bus is."""
        return Settings(system=SystemSettings(state=str(self.plant.state)))

    def add_sources(self, number: int, events_per_s: float, pad: int = 0) -> list[Source]:
        """Start so many sources; return them when all of them emit."""
        made = [Source(f"SRC{next(names)}", self.plant, self.folder, pad) for _ in range(number)]
        for source in made:
            self.sources.append(source)
            source.rate(events_per_s)
            source.start()
        for source in made:
            source.wait_ready()
        return made

    def add_ledgers(self, number: int, query: str = "") -> list[Ledger]:
        """Open so many event streams; return them when all are open."""
        first = len(self.readers.ledgers)
        made = [self.readers.add(f"sse-{first + index}", query) for index in range(number)]
        wait_for(self.readers.all_open, limit_s=20)
        return made

    def pids_of(self, module: str) -> list[int]:
        """Return the processes that run a module now."""
        mark = f"-m {module} "
        return [
            pid
            for pid in self.plant.pids()
            if mark in (command := f"{command_of(pid)} ") and not command.startswith("strace ")
        ]

    def broker(self) -> int:
        """Return the pid of the broker; wait for it if need be."""
        return wait_for(lambda: next(iter(self.pids_of("lensbus_broker")), 0), limit_s=15)

    def gateways(self) -> list[int]:
        """Return the pids of all gateways."""
        return wait_for(lambda: self.pids_of("lensbus_gateway"), limit_s=15)

    def kill(self, source: Source) -> float:
        """Kill a source; its life will have no orderly end."""
        source.wait_steady()
        self.measure()
        pid = source.pid()
        source.kills += 1
        return self.nemesis.kill(pid)

    def measure(self) -> None:
        """Note how much memory broker and gateways have needed."""
        for pid in self.pids_of("lensbus_broker") + self.pids_of("lensbus_gateway"):
            with suppress(OSError):  # it ended meanwhile
                status = Path(f"/proc/{pid}/status").read_text()
                peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
                self.rss_mib = max(self.rss_mib, int(peak.split()[1]) / 1024)

    def descriptors(self, *pids: int) -> int:
        """Return how many descriptors these processes hold together."""
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)

    def cpu_s(self, pids: Sequence[int]) -> float:
        """Return how much CPU time these processes have used."""
        ticks = 0
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def wait_healed(self, injected_s: float, limit_s: float, *cameras: str) -> float:
        """Wait until everybody has what these cameras emitted after an injection.

        Return how long that took, in milliseconds; the row reports the longest.
        """
        wanted = cameras or self._cameras()
        wait_for(lambda: self._has_since(injected_s, wanted), limit_s=limit_s)
        heal_ms = max(
            ledger.heal_ms(camera, injected_s) for ledger in self.ledgers for camera in wanted
        )
        self.heals_ms.append(heal_ms)
        return heal_ms

    def wait_flowing(self, for_s: float = 0.0, limit_s: float = 15.0) -> None:
        """Wait until everybody has what the sources emitted after so long from now."""
        begin_s = time.monotonic() + for_s
        wait_for(lambda: self._has_since(begin_s, self._cameras()), limit_s + for_s)

    def _cameras(self) -> Sequence[str]:
        return [source.camera for source in self.sources]

    def _has_since(self, begin_s: float, cameras: Sequence[str]) -> bool:
        return all(
            ledger.has_emitted_after(camera, begin_s)
            for ledger in self.ledgers
            for camera in cameras
        )

    def wait_quiet(self, source: Source) -> None:
        """Wait until a source that was silenced is silent and everybody has all of it."""
        self._wait_silent([source])
        lives = source.lives()[source.kills :]
        wait_for(lambda: all(_has_all(one, lives) for one in self.ledgers), SETTLE_S)

    def _wait_silent(self, sources: Sequence[Source]) -> None:
        before = -1
        while (now := sum(source.emitted() for source in sources)) != before:
            before = now
            time.sleep(0.2)  # four looks of a source at its rate

    def settle(self, limit_s: float = SETTLE_S) -> None:
        """Silence the sources and wait until nothing is under way any more."""
        for source in self.sources:
            source.rate(0)
        self._wait_silent(self.sources)
        newest = [life for source in self.sources for life in source.lives() if not life.killed]
        with suppress(AssertionError):  # the judge says what is missing
            wait_for(lambda: all(_has_all(one, newest) for one in self.ledgers), limit_s)

    def judge(self) -> Verdict:
        """Return the verdict and print its line; keep the ledgers if it is not spotless."""
        self.measure()
        lives = [life for source in self.sources for life in source.lives()]
        verdict = judge(
            self.row,
            lives,
            [ledger.entries for ledger in self.ledgers],
            heal_ms=max(self.heals_ms, default=0),
            max_rss_mib=self.rss_mib,
        )
        print(verdict)
        if verdict.whole:
            return verdict
        for ledger in self.ledgers:
            ledger.write(self.folder)
            for entry in ledger.entries:
                if entry.gap is not None:
                    print(f"  {ledger.name}: {entry}")
        shutil.copytree(self.plant.state / "logs", self.folder / "logs", dirs_exist_ok=True)
        print(f"  ledgers and logs are kept in {self.folder}")
        return verdict


def _has_all(ledger: Ledger, lives: Sequence[Life]) -> bool:
    return all(not life.count or ledger.highest.get(life.key, 0) >= life.count for life in lives)


@contextmanager
def rig(row: str, plant: Plant, folder: Path, *, taps: int = 1) -> Iterator[Rig]:
    """Yield a rig on running processes; in the end its sources are gone and nobody is frozen.

    The folder takes the records of the sources and, of a row that lost something, the ledgers.
    """
    nemesis = Nemesis(plant.pids)
    with ExitStack() as stack:
        lines = stack.enter_context(readers(plant.address))
        made = Rig(row, plant, lines, nemesis, folder)
        for index in range(taps):
            made.taps.append(stack.enter_context(tap(f"tap-{index}", made.settings.endpoint)))
        try:
            yield made
        finally:
            nemesis.heal()
            for source in made.sources:
                source.stop()


@contextmanager
def supervised(**settings: str) -> Iterator[Supervised]:
    """Yield a whole system without cameras."""
    variables: dict[str, Any] = {"sony_enabled": "false", "oak_enabled": "false", **settings}
    with running_system(**variables) as system:
        yield Supervised(system)


@contextmanager
def bare(**settings: str) -> Iterator[Bare]:
    """Yield a state folder in which nothing runs yet."""
    variables = {f"LENSBUS_{key.upper()}": value for key, value in settings.items()}
    with short_folder() as state, nothing_left(state):
        plant = Bare(state, variables)
        try:
            yield plant
        finally:
            plant.close()
            wait_for(lambda: not plant.pids())


def has_ended(pid: int) -> bool:
    """Tell whether a process has ended, whether or not somebody waited for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
