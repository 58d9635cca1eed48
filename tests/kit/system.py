"""A whole system as a user starts it: `lensbus up` with supervisord and simulated cameras."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import xmlrpc.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from supervisor.xmlrpc import SupervisorTransport

from kit.bus import short_folder
from kit.processes import environ, free_port, nothing_left, pids_of, wait_for
from kit.told import wrongly_told
from lensbus_proto.runtime.clock import unix_us

ALPHA = "D10F60149B0C"
CINEMA = "D20FA3C41E57"
OAK = "14442C10D13EABCE00"
OAK_ONE = "14442C1051B665D700"
ALL = {ALPHA, CINEMA, OAK, OAK_ONE}


@dataclass
class System:
    """A running system."""

    port: int
    state: Path
    pid: int
    token: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self, method: str, path: str, body: Any = None, timeout_s: float = 30.0
    ) -> tuple[int, bytes]:
        """Return status and body of one request."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def json(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        """Return the JSON body of a request that must answer with this status."""
        status, answer = self.request(method, path, body)
        assert status == expect, (method, path, status, answer[:500])
        return json.loads(answer)

    def open_streams(self) -> int:
        """Return how many clients follow events, over all gateways."""
        lines = self.request("GET", "/metrics")[1].decode().splitlines()
        name = "lensbus_gateway_clients_open{"
        return sum(int(float(line.split()[-1])) for line in lines if line.startswith(name))

    def worker_pid(self, camera: str) -> int | None:
        """Return the pid of a camera's worker, as supervisord knows it."""
        worker = f"-m lensbus_services --vendor {vendor_of(camera)} --camera {camera}"
        for pid in self.pids():
            if worker in command_of(pid):
                return pid
        return None

    def is_steady(self, camera: str) -> bool:
        """Tell whether a worker is past the time in which its end would be a failed start."""
        name = f"worker-{vendor_of(camera)}-{camera}"
        address = f"unix://{self.state / 'run' / 'supervisor.sock'}"
        transport = SupervisorTransport(None, None, address)
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as manager:
            info: Any = manager.supervisor.getProcessInfo(f"{name}:{name}")
            return bool(info["statename"] == "RUNNING")

    def crashes(self, camera: str) -> dict[str, int]:
        """Return how often a camera's workers have crashed, by signal, as `/metrics` tells it."""

        def told() -> str:
            metrics = self.request("GET", "/metrics")[1].decode()
            return metrics if "\nlensbus_broker_up 1" in metrics else ""

        return {
            sample.labels["signal"]: int(sample.value)
            for family in text_string_to_metric_families(wait_for(told, limit_s=30))
            for sample in family.samples
            if sample.name == "lensbus_worker_crashes_total" and sample.labels["camera"] == camera
        }

    def pids(self) -> list[int]:
        """Return all processes of this system but the first."""
        return pids_of(self.state)

    def logs(self) -> str:
        """Return all logs, for the message of a failed test."""
        return "\n".join(
            f"== {path.name}\n{path.read_text()[-3000:]}"
            for path in sorted((self.state / "logs").glob("*.log"))
        )


def vendor_of(camera: str) -> str:
    return "oak" if camera in (OAK, OAK_ONE) else "sony"


def every_pid() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def command_of(pid: int) -> str:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:  # it ended meanwhile
        return ""
    return line.replace("\0", " ")


@contextmanager
def running_system(
    ending: signal.Signals = signal.SIGINT,
    prepare: Callable[[Path], None] = lambda state: None,
    **settings: str,
) -> Iterator[System]:
    """Run a system until the end of the block; then it must leave no process behind.

    What it has told meanwhile must be what the table of kinds says.

    Keyword arguments are variables without their prefix: `sony_simulator_time_scale="0.1"`.
    `prepare` is given the state folder before the system starts.
    """
    extra = {f"LENSBUS_{key.upper()}": value for key, value in settings.items()}
    with short_folder() as state, nothing_left(state):
        prepare(state)
        port = free_port()
        command = [sys.executable, "-m", "lensbus_deploy.cli", "up"]
        child = subprocess.Popen(
            [*command, "--port", str(port), "--state", str(state)],
            env=environ(extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert child.stdout is not None
        system = System(port, state, child.pid)
        try:
            line = child.stdout.readline()
            assert f"started on {system.url}" in line, line + system.logs()
            yield system
        finally:
            child.send_signal(ending)
            try:
                code = child.wait(30)
            except subprocess.TimeoutExpired:
                os.kill(child.pid, signal.SIGKILL)
                child.wait(5)
                raise
            finally:
                child.stdout.close()
        assert code == 0, system.logs()
        wait_for(lambda: not system.pids())
        wrong = wrongly_told(state)
        assert not wrong, wrong[:10]


def wait_for_cameras(system: System, cameras: set[str] = ALL) -> None:
    """Wait until these cameras have workers that answer."""

    def present() -> bool:
        answers = [system.request("GET", path) for path in ("/api/cameras", "/cameras/")]
        if any(status != 200 for status, _ in answers):
            return False  # on a busy machine the broker may still be on its way
        alpha, oak = (json.loads(body) for _, body in answers)
        found = {camera["id"] for camera in alpha["cameras"]}
        return cameras <= found | {camera["mxid"] for camera in oak}

    wait_for(present, limit_s=60, every_s=0.1)


@dataclass
class Stream:
    """An open SSE stream, read by a thread of its own."""

    url: str
    events: list[tuple[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._answer = urllib.request.urlopen(self.url, timeout=60)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        kind = ""
        try:
            for line in self._answer:
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    kind = text.removeprefix("event: ")
                elif text.startswith("data: "):
                    self.times.append(unix_us() / 1e6)
                    self.events.append((kind, json.loads(text.removeprefix("data: "))))
        except (OSError, ValueError, AttributeError):
            return  # closed by us

    def kinds(self, camera: str | None = None) -> list[str]:
        """Return the names of the events so far, of one camera if it is given."""
        return [
            kind
            for kind, data in list(self.events)
            if camera in (None, data["cameraId"]) and data["cameraId"] != "*"
        ]

    def wait(self, kind: str, camera: str, limit_s: float = 30.0, after: int = 0) -> Any:
        """Return the data of the first such event, from the `after`-th event on."""

        def found() -> Any:
            return next(
                (
                    data
                    for name, data in self.events[after:]
                    if name == kind and data["cameraId"] == camera
                ),
                None,
            )

        return wait_for(found, limit_s)

    def close(self) -> None:
        """Hang up."""
        self._answer.fp.raw._sock.shutdown(2)
        self._thread.join(5)
        self._answer.close()


@contextmanager
def stream(system: System, path: str = "/api/events") -> Iterator[Stream]:
    """Yield an open event stream, past its handshake."""
    opened = Stream(system.url + path)
    try:
        wait_for(lambda: opened.events)
        yield opened
    finally:
        opened.close()
