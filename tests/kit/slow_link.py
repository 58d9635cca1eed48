"""A slow line between clients and a server on this machine: all bytes share its rate."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

CHUNK: Final = 1460  # one packet's worth: those who share a line take turns by packets
BUFFER: Final = 16_384


@dataclass
class SlowLink:
    """Carries TCP connections at so many bits a second, both ways, all together."""

    target: tuple[str, int]
    bits_per_s: float
    carried: int = 0
    _ending: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _sockets: list[socket.socket] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _free_s: float = 0.0

    def __post_init__(self) -> None:
        self._listener = _small(socket.socket())
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self._listener.settimeout(0.1)
        self._spawn(self._accept)

    @property
    def url(self) -> str:
        host, port = self._listener.getsockname()
        return f"http://{host}:{port}"

    def close(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(5)
        for each in (self._listener, *self._sockets):
            each.close()

    def _spawn(self, run: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ending.is_set():
            with contextlib.suppress(TimeoutError):
                near, _ = self._listener.accept()
                far = _small(socket.socket())
                far.connect(self.target)
                self._sockets += [near, far]
                self._spawn(self._carry, near, far)
                self._spawn(self._carry, far, near)

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        with selectors.DefaultSelector() as readable:
            readable.register(here, selectors.EVENT_READ)
            try:
                while not self._ending.is_set():
                    if not readable.select(0.1):
                        continue
                    data = here.recv(CHUNK)
                    if not data:
                        break
                    self._wait(len(data))
                    there.sendall(data)
            except OSError:
                pass  # one end hung up
            with contextlib.suppress(OSError):
                there.shutdown(socket.SHUT_WR)

    def _wait(self, size_bytes: int) -> None:
        """Wait for the line; whoever came first goes first."""
        with self._turn:
            now_s = time.monotonic()
            begins_s = max(now_s, self._free_s)
            self._free_s = begins_s + size_bytes * 8 / self.bits_per_s
            self.carried += size_bytes
            ends_s = self._free_s
        self._ending.wait(ends_s - now_s)


def _small(made: socket.socket) -> socket.socket:
    """Have little wait in the kernel, as in front of a slow line."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    return made


@contextlib.contextmanager
def slow_link(port: int, bits_per_s: float) -> Iterator[SlowLink]:
    """Run a slow line to a port of this machine."""
    link = SlowLink(("127.0.0.1", port), bits_per_s)
    try:
        yield link
    finally:
        link.close()
