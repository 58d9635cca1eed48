"""The servers that bench_sse.py compares: the gateway, nchan, and a bare loop in C.

Each runs on the first core and listens on a socket of its own; whoever publishes and reads is on
the last core. All get the same events: what nchan and the loop are given is the text that the
gateway would write. The gateway is the real process with default settings, fed over the bus by a
fake broker, or with its journal by the real one and a real worker; nchan is nginx with one worker
and no log, fed by POST over one connection; the loop gets datagrams.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kit.bus import bus_settings, short_folder
from kit.fake_broker import fake_broker
from kit.gateway import gateway_process
from kit.processes import free_port, process, wait_for
from kit.system import every_pid
from lensbus_gateway import sse
from lensbus_proto.messages import Event

CORES: Final = sorted(os.sched_getaffinity(0))
GATEWAY, NCHAN, FLOOR = "gateway", "nchan", "bare C loop"
BROKER, JOURNAL = "gateway, broker", "gateway, broker, journal"
NCHAN_MODULE: Final = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
BACKLOG: Final = 2048
UNDER_WAY: Final = 16  # POSTs that wait for their answer
ANSWER: Final = b"HTTP/1.1 20"
JOURNAL: Final = 0x7F3A0001

NGINX_CONF: Final = """\
load_module {module};
worker_processes 1;
worker_rlimit_nofile 20000;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 19000; }}
http {{
  access_log off;
  keepalive_requests 10000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  nchan_shared_memory_size 256M;
  server {{
    listen 127.0.0.1:{port} backlog={backlog};
    location = /events {{
      nchan_subscriber eventsource;
      nchan_channel_id bench;
      nchan_subscriber_first_message newest;
    }}
    location = /publish {{
      nchan_publisher http;
      nchan_channel_id bench;
      nchan_message_buffer_length 10000;
      nchan_message_timeout 10m;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A running server: how to publish through it, and what it uses, measured from outside."""

    port: int
    path: str
    publish: Callable[[Event], None]
    pids: Sequence[int]
    state: Path | None = None

    def cpu_s(self) -> float:
        """Return the time that all threads of all its processes spent on a core."""
        return sum(cpu_s(pid) for pid in self.pids)

    def memory_kib(self) -> float:
        """Return what all its processes hold; shared pages count once."""
        return sum(memory_kib(pid) for pid in self.pids)


def cpu_s(pid: int) -> float:
    """Return the time that the threads of a process spent on a core."""
    # What /proc/<pid>/stat says in ticks of 10 ms, in nanoseconds.
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def memory_kib(pid: int) -> int:
    """Return the resident memory of a process; of shared pages its part."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise AssertionError("no Pss")


@contextmanager
def on_core(core: Sequence[int]) -> Iterator[None]:
    """Have what is started in this block run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def why_not(name: str) -> str | None:
    """Return why a server cannot run on this machine."""
    if name == NCHAN and (nginx() is None or not NCHAN_MODULE.exists()):
        return "nchan was not found; Debian: apt-get install nginx libnginx-mod-nchan"
    return None


def nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


@contextmanager
def running(name: str, programs: Path) -> Iterator[Server]:
    """Run one of the servers until the end of the block."""
    with RUNNING[name](programs) as server:
        yield server


@contextmanager
def running_gateway() -> Iterator[Server]:
    with ExitStack() as stack:
        state = stack.enter_context(short_folder())
        bus = stack.enter_context(fake_broker(bus_settings(state)))
        listener = stack.enter_context(listening())
        with on_core(CORES[:1]):
            process = stack.enter_context(gateway_process(bus_settings(state), listener))
        assert bus.events.recv() == b"\x01"
        wait_for((state / "run" / f"gateway-{process.pid}.ready").exists)
        port = listener.getsockname()[1]
        yield Server(port, "/api/events", bus.publish, [process.pid])


@contextmanager
def running_system(*, journal: bool) -> Iterator[Server]:
    """Run the gateway behind the real broker; both are the server, and `state` is for a worker."""
    with ExitStack() as stack:
        state = stack.enter_context(short_folder())
        listener = stack.enter_context(listening())
        extra = {
            "LENSBUS_SYSTEM_STATE": str(state),
            "LENSBUS_JOURNAL_ENABLED": "true" if journal else "false",
        }
        with on_core(CORES[:1]):
            broker = stack.enter_context(process("lensbus_broker", extra=extra))
            gateway = stack.enter_context(gateway_process(bus_settings(state), listener))
        wait_for((state / "run" / f"gateway-{gateway.pid}.ready").exists)
        port = listener.getsockname()[1]
        yield Server(port, "/api/events", no_publish, [gateway.pid, broker.pid], state)


def no_publish(event: Event) -> None:
    raise AssertionError("a worker publishes here")


@contextmanager
def running_nchan() -> Iterator[Server]:
    program, port = nginx(), free_port()
    assert program is not None, "see why_not"
    with tempfile.TemporaryDirectory() as folder:
        conf = Path(folder) / "nginx.conf"
        conf.write_text(
            NGINX_CONF.format(module=NCHAN_MODULE, folder=folder, port=port, backlog=BACKLOG)
        )
        with on_core(CORES[:1]):
            process = subprocess.Popen([program, "-e", f"{folder}/error.log", "-c", str(conf)])
        with ending(process):
            workers = wait_for(lambda: children(process.pid))
            publisher = wait_for(lambda: connected(port))
            with closing(publisher):
                yield Server(port, "/events", publisher.publish, [process.pid, *workers])


def connected(port: int) -> "Publisher | None":
    try:
        return Publisher(port)
    except ConnectionRefusedError:
        return None


def children(pid: int) -> list[int]:
    return [child for child in every_pid() if parent_of(child) == pid]


def parent_of(pid: int) -> int:
    try:
        # Behind the name of the program, which may hold anything but a line break.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it ended meanwhile
        return 0


class Publisher:
    """Publishes to nchan over one connection, without waiting for every answer."""

    def __init__(self, port: int) -> None:
        self._under_way = 0
        self._tail = b""
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def publish(self, event: Event) -> None:
        data = written(event).partition(b"\ndata: ")[2].rstrip()
        head = (
            f"POST /publish HTTP/1.1\r\nHost: 127.0.0.1\r\nX-EventSource-Event: {event.kind}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + data)
        self._under_way += 1
        while self._under_way >= UNDER_WAY:
            self._read()

    def _read(self) -> None:
        received = self._socket.recv(65536)
        assert received, "nginx has closed"
        answers = self._tail + received
        self._under_way -= answers.count(ANSWER)
        self._tail = answers[1 - len(ANSWER) :]

    def close(self) -> None:
        self._socket.close()


@contextmanager
def running_floor(program: Path) -> Iterator[Server]:
    with ExitStack() as stack:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stack.enter_context(ours)
        stack.enter_context(theirs)
        listener = stack.enter_context(listening())
        fds = (listener.fileno(), theirs.fileno())
        with on_core(CORES[:1]):
            process = subprocess.Popen([str(program), *map(str, fds)], pass_fds=fds)
        stack.enter_context(ending(process))

        def publish(event: Event) -> None:
            ours.send(sse.chunk(written(event)))

        yield Server(listener.getsockname()[1], "/events", publish, [process.pid])


RUNNING: Final[Mapping[str, Callable[[Path], AbstractContextManager[Server]]]] = {
    GATEWAY: lambda programs: running_gateway(),
    BROKER: lambda programs: running_system(journal=False),
    JOURNAL: lambda programs: running_system(journal=True),
    NCHAN: lambda programs: running_nchan(),
    FLOOR: lambda programs: running_floor(programs / "sse_floor"),
}


def written(event: Event) -> bytes:
    """Return the text that the gateway would write; the position is the event's number."""
    header = replace(event.header, journal=JOURNAL, position=event.header.seq)
    return sse.unchunk(sse.block(replace(event, header=header)).chunk)


@contextmanager
def listening() -> Iterator[socket.socket]:
    """Yield a listening socket; what it accepts sends at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setblocking(False)
        yield listener


@contextmanager
def ending(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """End a process by SIGTERM at the end of the block, by force if need be."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
