"""`lensbus break`: have a simulated camera misbehave, as `docs/simulators.md` describes.

The process that holds the camera serves a socket; without one the same request is carried out on
the files that scenarios are, and the camera meets them when it is opened next.
"""

import ctypes
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import lensbus_services
from lensbus_proto.runtime.settings import Settings, load

LIMIT_S: Final = 10.0  # for an answer: a body looks at its files many times a second
_REPLY_BYTES: Final = 65_536
_NO_SCENARIOS: Final = {".control", ".lock"}  # other files of a camera


@dataclass(frozen=True, slots=True)
class Simulated:
    """One simulated camera, and the folder of the world around it."""

    serial: str
    vendor: str
    world: Path


class BreakError(Exception):
    """What cannot be done, as one sentence for the terminal."""


def break_camera(camera: str, requests: Sequence[str], environ: Mapping[str, str]) -> int:
    """Send requests to a simulated camera and print what it answers; return the exit code."""
    config = Path(environ["LENSBUS_CONFIG"]) if environ.get("LENSBUS_CONFIG") else None
    try:
        simulated = find(camera, load(config, environ))
        for request in requests:
            sys.stdout.write(readable(ask(simulated, request)))
    except BreakError as error:
        sys.stderr.write(f"lensbus: {error}\n")
        return 2
    return 0


def find(camera: str, settings: Settings) -> Simulated:
    """Return a simulated camera: one that is configured, or one whose process serves a socket."""
    simulator = settings.state / "simulator"
    worlds = {"sony": simulator / "sony", "oak": simulator / "oak"}
    configured = {
        "sony": settings.sony.simulator.cameras if settings.sony.library == "simulator" else (),
        "oak": settings.oak.simulator.cameras if settings.oak.backend == "simulator" else (),
    }
    known: list[str] = []
    for vendor, world in worlds.items():
        ids = {camera_of(entry): serial_of(entry) for entry in configured[vendor]}
        if camera in ids:
            return Simulated(ids[camera], vendor, world)
        if plain(camera) and (world / f"{camera}.control").is_socket():
            return Simulated(camera, vendor, world)
        known += ids
    there_are = f"the simulated ones are {', '.join(known)}" if known else "there are none"
    raise BreakError(f"{camera} is not a simulated camera; {there_are}")


def serial_of(entry: str) -> str:
    """Return the serial number in `model:serial` or `model:serial@address`."""
    return entry.partition(":")[2].partition("@")[0]


def camera_of(entry: str) -> str:
    """Return the camera's id: its serial number, or on a network its MAC address."""
    serial = serial_of(entry)
    if "@" not in entry:
        return serial
    return ":".join(serial[at : at + 2] for at in range(0, len(serial), 2))


def plain(name: str) -> bool:
    """Tell whether a name is one of a file in a folder, and not a way out of it."""
    return bool(name) and "/" not in name and "\0" not in name and not name.startswith(".")


def ask(simulated: Simulated, request: str) -> str:
    """Return the answer to one request; BreakError when it is refused."""
    reply = ask_process(simulated, request)
    if reply is None:
        reply = ask_nobody(simulated, request)
    verdict, _, rest = reply.partition(" ")
    if verdict != "ok":
        raise BreakError(rest or f"{simulated.serial} gave no answer")
    return rest


def ask_process(simulated: Simulated, request: str) -> str | None:
    """Ask the process that holds the camera; None if there is none."""
    try:
        folder = os.open(simulated.world, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LIMIT_S)
            # Through the descriptor: a socket's own path has room for 107 bytes only.
            connection.connect(f"/proc/self/fd/{folder}/{simulated.serial}.control")
            connection.sendall(f"{request}\n".encode())
            with connection.makefile(encoding="utf-8") as answers:
                return answers.readline().rstrip("\n")
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except OSError as error:
        raise BreakError(
            f"the simulator of {simulated.serial} gave no answer: {error.strerror or error}"
        ) from error
    finally:
        os.close(folder)


def ask_nobody(simulated: Simulated, request: str) -> str:
    """Carry out a request on the files of a camera that no process holds."""
    simulated.world.mkdir(parents=True, exist_ok=True)
    if simulated.vendor == "sony":
        return ask_library(simulated, request)
    verb, _, rest = request.partition(" ")
    name, _, parameters = rest.partition(" ")
    file = simulated.world / f"{simulated.serial}.{name}"
    if verb == "break" and plain(name):
        file.write_text(parameters, encoding="utf-8")
    elif verb == "heal" and name == "all":
        for one in simulated.world.glob(f"{simulated.serial}.*"):
            if one.suffix not in _NO_SCENARIOS:
                one.unlink(missing_ok=True)
    elif verb == "heal" and plain(name):
        file.unlink(missing_ok=True)
    else:
        return f"error no process holds {simulated.serial}: it can only be broken and healed"
    return "ok"


def ask_library(simulated: Simulated, request: str) -> str:
    """Have the Sony simulator itself carry out the request: it alone knows its scenarios."""
    path = Path(lensbus_services.__path__[0]) / "sony" / "native" / "libcrsim.so"
    if not path.exists():
        raise BreakError("libcrsim.so has not been built: run make native")
    library = ctypes.CDLL(str(path))
    reply = ctypes.create_string_buffer(_REPLY_BYTES)
    arguments = (os.fsencode(simulated.world), simulated.serial.encode(), request.encode())
    library.crsim_control(*arguments, reply, ctypes.c_uint32(_REPLY_BYTES))
    return reply.value.decode()


def readable(answer: str) -> str:
    """Return an answer with one fact on each line; nothing for a plain yes."""
    lines = []
    for part in answer.split("; "):
        title, colon, facts = part.partition(": ")
        if colon:
            lines += [f"{title}:", *(f"  {fact}" for fact in facts.split(", "))]
        else:
            lines += part.split(" ")
    return "".join(f"{line}\n" for line in lines if line)
