"""What a simulated Sony body has lived through, as it tells on its control socket."""

import os
import socket
from pathlib import Path


def counts(state: Path, camera: str) -> dict[str, int]:
    """Return the counters of a body that some worker holds."""
    folder = os.open(state / "simulator" / "sony", os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            # Through the descriptor: the path of a socket is short.
            connection.connect(f"/proc/self/fd/{folder}/{camera}.control")
            connection.sendall(b"count\n")
            with connection.makefile(encoding="utf-8") as answers:
                verdict, *pairs = answers.readline().split()
    finally:
        os.close(folder)
    assert verdict == "ok", (verdict, pairs)
    return {name: int(value) for name, _, value in (pair.partition("=") for pair in pairs)}
