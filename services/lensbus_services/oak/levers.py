"""The socket by which the scenarios of one simulated device are switched while it runs.

One request a line, one answer a line: `break <scenario> [name=value ...]`, `heal <scenario>` or
`heal all`, `list`, `count`. It writes the same files that anybody may write (`scenarios`), and
answers when the scenario is in force.
"""

import logging
import os
import select
import socket
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lensbus_services.oak.scenarios import SCENARIOS, BadScenario, World, parse, usage

logger = logging.getLogger(__name__)

_IDLE_S: Final = 1.0  # a client that says nothing is hung up on: the next one waits for it
_POLL_S: Final = 0.2
_LINE: Final = 4096


class Levers:
    """Serves the socket `<camera>.control` in the folder of a world, in a thread of its own."""

    def __init__(
        self,
        world: World,
        camera: str,
        *,
        apply: Callable[[], None],
        streams: Callable[[], Iterable[str]],
        count: Callable[[], Mapping[str, int]],
    ) -> None:
        self._world = world
        self._path = world.folder / f"{camera}.control"
        self._apply = apply
        self._streams = streams
        self._count = count
        self._ending = threading.Event()
        self._server: socket.socket | None = None
        self._alarm: socket.socket
        self._sleeper: socket.socket
        self._inode = 0
        self._thread = threading.Thread(target=self._serve, name="oak-levers", daemon=True)

    def start(self) -> None:
        """Begin to serve; a folder that takes no socket is said and does no harm."""
        try:
            self._server, self._inode = _listen(self._path)
        except OSError as error:
            logger.warning("no control socket", extra={"path": self._path, "reason": error})
            return
        self._alarm, self._sleeper = socket.socketpair()
        self._thread.start()

    def stop(self) -> None:
        """Hang up and take the socket away, unless it is another process's by now."""
        self._ending.set()
        if self._server is None:
            return
        self._alarm.close()  # wakes the thread that waits for a client
        self._thread.join(_POLL_S * 5)
        self._sleeper.close()
        self._server.close()
        try:
            if self._path.lstat().st_ino == self._inode:
                self._path.unlink()
        except OSError:
            logger.debug("control socket is gone", extra={"path": self._path})

    def answer(self, line: str) -> str:
        """Return the answer to one request."""
        words = line.split()
        try:
            match words:
                case ["break", name, *parameters]:
                    return self._break(name, parameters)
                case ["heal", name]:
                    return self._heal(name)
                case ["list"]:
                    return self._list()
                case ["count"]:
                    counts = (f"{key}={value}" for key, value in self._count().items())
                    return f"ok {' '.join(counts)}"
        except (BadScenario, OSError) as error:
            return f"error {error}"
        return "error expected break <scenario> [name=value ...], heal <scenario>, list or count"

    def _break(self, name: str, parameters: list[str]) -> str:
        parse(name, parameters, self._streams())
        self._world.begin(name, parameters)
        self._apply()
        return "ok"

    def _heal(self, name: str) -> str:
        if name != "all":
            parse(name, [])
        for each in SCENARIOS if name == "all" else [name]:
            self._world.heal(each)
        self._apply()
        return "ok"

    def _list(self) -> str:
        offered = (f"{each.name} {usage(each)} ({each.what})" for each in SCENARIOS.values())
        held = ", ".join(self._world.held()) or "nothing"
        return f"ok broken: {held}; can be broken: {', '.join(offered)}"

    def _serve(self) -> None:
        """Thread: one client after another."""
        while self._server is not None:
            select.select([self._server, self._sleeper], [], [])
            if self._ending.is_set():
                return
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            except OSError as error:
                logger.warning("control socket failed", extra={"reason": error})
                return
            with client:
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        client.settimeout(_POLL_S)
        patience = round(_IDLE_S / _POLL_S)
        waiting = b""
        while not self._ending.is_set() and patience > 0 and len(waiting) < _LINE:
            try:
                found = client.recv(_LINE)
                if not found:
                    return
                *lines, waiting = (waiting + found).split(b"\n")
                for line in lines:
                    answer = self.answer(line.decode("utf-8", "replace"))
                    client.sendall(answer.encode() + b"\n")
            except TimeoutError:
                patience -= 1
            except OSError:
                return


def _listen(path: Path) -> tuple[socket.socket, int]:
    """Return a listening socket in place of whatever was left there, and its inode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    server = socket.socket(socket.AF_UNIX)
    try:
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)
        with reachable(fresh) as address:
            server.bind(address)
        fresh.chmod(stat.S_IRUSR | stat.S_IWUSR)
        server.listen(8)
        server.settimeout(_POLL_S)
        os.replace(fresh, path)
        return server, path.lstat().st_ino
    except OSError:
        server.close()
        raise


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """Give an address for a socket's path: the kernel takes no more than 107 bytes of one."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
