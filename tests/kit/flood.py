"""A client that asks for too much, as a process of its own: `python -m kit.flood`.

It sends requests over a few kept connections, or opens connections and says nothing, at a rate;
what it got is one line of JSON.
"""

import argparse
import json
import os
import selectors
import socket
import sys
import time
from collections import Counter
from contextlib import suppress

LINES = 16
REQUEST = b"GET /api/server/status HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Line:
    """One kept connection: a request at a time, opened again when it is closed."""

    def __init__(self, address: tuple[str, int], source: str) -> None:
        self._address = address
        self._source = source
        self._socket: socket.socket | None = None
        self._unread = b""
        self.is_free = True

    def ask(self) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, 5, (self._source, 0))
            self._socket.setblocking(False)
        self.is_free = False
        with suppress(OSError):
            self._socket.send(REQUEST)

    def read(self) -> bytes | None:
        """Return the status of an answer that is complete; empty if the connection was closed."""
        if self._socket is None:
            return None
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            self._socket.close()
            self._socket, self._unread, self.is_free = None, b"", True
            return b""
        self._unread += data
        head, found, body = self._unread.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
        if not found or len(body) < length:
            return None
        self._unread, self.is_free = b"", True
        return head.split()[1]

    def fileno(self) -> int:
        return -1 if self._socket is None else self._socket.fileno()


def ask_much(address: tuple[str, int], source: str, rate: float, for_s: float) -> Counter[str]:
    """Send requests at a rate; return the statuses."""
    lines = [Line(address, source) for _ in range(LINES)]
    got: Counter[str] = Counter()
    begun_s = time.monotonic()
    sent = 0
    while (now_s := time.monotonic() - begun_s) < for_s:
        for line in lines:
            if line.is_free and sent < now_s * rate:
                line.ask()
                sent += 1
        for line in lines:
            if (status := line.read()) is not None:
                got[status.decode() or "closed"] += 1
        time.sleep(0.0005)
    got["sent"] = sent
    return got


def connect_much(address: tuple[str, int], source: str, rate: float, for_s: float) -> Counter[str]:
    """Open connections at a rate and keep them, saying nothing."""
    got: Counter[str] = Counter()
    kept: list[socket.socket] = []
    selector = selectors.DefaultSelector()
    begun_s = time.monotonic()
    while (now_s := time.monotonic() - begun_s) < for_s:
        while len(kept) < now_s * rate:
            one = socket.socket()
            one.settimeout(5)
            one.bind((source, 0))
            try:
                one.connect(address)
            except OSError:
                got["refused"] += 1
            kept.append(one)
            selector.register(one, selectors.EVENT_READ)
        for key, _ in selector.select(0.001):
            selector.unregister(key.fileobj)
            got["closed"] += 1
    got["sent"] = len(kept)
    for one in kept:
        one.close()
    return got


if __name__ == "__main__":
    os.nice(19)  # on a machine of its own it would not take the gateway's processor
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["requests", "connections"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--source", default="127.0.0.2", help="the address that it comes from")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--for-s", type=float, required=True)
    options = parser.parse_args()
    act = ask_much if options.what == "requests" else connect_much
    found = act(("127.0.0.1", options.port), options.source, options.rate, options.for_s)
    sys.stdout.write(json.dumps(found) + "\n")
