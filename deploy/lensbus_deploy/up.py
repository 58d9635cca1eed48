"""`lensbus up`: check everything that can go wrong, start supervisord, say when it answers."""

import ctypes
import fcntl
import functools
import http.client
import importlib.util
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, TextIO

import lensbus_services
from lensbus_deploy import activation
from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.passes import key_of, local_pass
from lensbus_proto.runtime.settings import Settings, is_loopback, load
from lensbus_proto.runtime.sockets import IPC_PATH_LIMIT
from lensbus_proto.runtime.tokens import token_file
from lensbus_services.sony import launcher

READY_S: Final = 30.0
STOP_S: Final = 15.0
_PR_SET_PDEATHSIG: Final = 1


def up(environ: Mapping[str, str]) -> int:
    """Run a system until SIGINT, SIGTERM or a client ends it; return the exit code.

    Prints one line with `started on http://HOST:PORT` when the system answers. Raises
    SettingsError with one clear sentence for what keeps it from starting.
    """
    config = Path(environ["LENSBUS_CONFIG"]) if environ.get("LENSBUS_CONFIG") else None
    settings = load(config, environ)
    listener = activation.inherited(environ, os.getpid())
    if listener is not None:
        settings = activation.fitted(settings, listener)
    check_packages(settings)
    prepare_state(settings.state)
    check_access(settings)
    with lock_state(settings.state):
        if listener is None:
            check_port(settings.gateway.host, settings.gateway.port)
        for stale in (settings.state / "run").glob("gateway-*.ready"):
            stale.unlink()
        shutil.rmtree(settings.state / "workers")
        (settings.state / "workers").mkdir()
        child = child_environ(activation.without(environ), settings, config)
        if listener is not None:
            child["LENSBUS_GATEWAY_FD"] = str(listener)
        tell = functools.partial(activation.tell, environ)
        return supervise(settings, child, tell, () if listener is None else (listener,))


def check_packages(settings: Settings) -> None:
    """Refuse to start when a package or a library is missing."""
    wanted = {"supervisor": "deploy", "starlette": "gateway", "uvicorn": "gateway"}
    if settings.sony.enabled:
        wanted["cffi"] = "sony"
    if settings.oak.enabled:
        wanted["depthai"] = "oak"
    for package, extra in wanted.items():
        if importlib.util.find_spec(package) is None:
            raise SettingsError(f"the package {package} is missing: pip install 'lensbus[{extra}]'")
    if not settings.sony.enabled:
        return
    native = Path(lensbus_services.__path__[0]) / "sony" / "native"
    for library in ("libcrshim.so", "libcrsim.so"):
        if not (native / library).exists():
            raise SettingsError(f"{library} has not been built: run make native")
    if (
        settings.sony.library != "simulator"
        and not Path(settings.sony.library).expanduser().exists()
    ):
        raise SettingsError(
            f"sony.library is {settings.sony.library!r}, expected 'simulator' or the path of"
            " libCr_Core.so"
        )


def prepare_state(state: Path) -> None:
    """Make the state folder and what is in it; only this user may enter it."""
    if any(letter.isspace() or letter in "%;" for letter in str(state)):
        raise SettingsError(
            f"the state folder {str(state)!r} has a space, % or ; in its path, which supervisord"
            " cannot take: choose another"
        )
    longest = state / "run" / "worker-commands"
    if len(str(longest).encode()) > IPC_PATH_LIMIT:
        raise SettingsError(
            f"the state folder {state} has too long a path for sockets: choose one of at most"
            f" {IPC_PATH_LIMIT - len('/run/worker-commands')} bytes"
        )
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("run", "logs", "workers", "cameras", "pictures"):
            (state / name).mkdir(mode=0o700, exist_ok=True)
        (state / "run").chmod(0o700)  # whoever enters it can tell every process what to do
        probe = state / "run" / "writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingsError(
            f"the state folder {state} cannot be written: {error.strerror}"
        ) from error


def check_access(settings: Settings) -> None:
    """Refuse to start a system that others can reach, and that nobody could open or all could."""
    if not settings.demands_tokens:
        if not is_loopback(settings.gateway.host):
            sys.stderr.write(
                f"lensbus: everybody who reaches {settings.gateway.host} can do everything"
                " (access.insecure)\n"
            )
        return
    now_s = unix_us() / 1e6
    if all(token.is_over(now_s) for token in token_file(settings.state).read().values()):
        wish = "make one with `lensbus token create --name NAME --scope control`"
        host = settings.gateway.host
        if is_loopback(host):
            raise SettingsError(f"access.demand asks for tokens, and there is none: {wish}")
        raise SettingsError(
            f"others can reach {host}, and there is no token that lets them in: {wish}, or let"
            " everybody in with `lensbus up --insecure`"
        )
    key_of(settings.state)  # made before several gateways want it at once


def lock_state(state: Path) -> TextIO:
    """Return the open lock of a state folder; it is let go with the file."""
    lock = (state / "run" / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise SettingsError(
            f"the state folder {state} is in use by another system: choose another with STATE="
        ) from error
    return lock


def check_port(host: str, port: int) -> None:
    """Refuse to start when the gateway could not listen."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As supervisord does: a port that only has old connections is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"the gateway cannot listen on {host}:{port}: {error.strerror}; choose another"
                " port with PORT="
            ) from error


def child_environ(
    environ: Mapping[str, str], settings: Settings, config: Path | None
) -> dict[str, str]:
    """Return the variables for supervisord and, through it, for all processes."""
    child = dict(environ)
    child["LENSBUS_PYTHON"] = sys.executable
    child["LENSBUS_SONY_PYTHON"] = shlex.join(sony_python(settings))
    child["LENSBUS_OAK_PYTHON"] = shlex.join([sys.executable])
    child["LENSBUS_SYSTEM_STATE"] = str(settings.state)
    child["LENSBUS_GATEWAY_HOST"] = settings.gateway.host
    child["LENSBUS_ACCESS_INSECURE"] = str(settings.access.insecure).lower()
    child["LENSBUS_GATEWAY_PORT"] = str(settings.gateway.port)
    child["LENSBUS_GATEWAY_PROCESSES"] = str(settings.gateway.processes)
    child["LENSBUS_CONFIG"] = str((config or shipped("lensbus.toml")).absolute())
    return child


def sony_python(settings: Settings) -> list[str]:
    """Return how a Sony process begins: plainly, or as the copy that lies beside CrAdapter.

    A copy that exists is renewed when the interpreter or the SDK has changed.
    """
    sony = settings.sony
    source = launcher.source_for(Path(sony.library))
    if not sony.enabled or sony.library == "simulator" or launcher.is_beside(source.executable):
        return launcher.command(None)
    there = launcher.launcher_in(settings.state)
    fitness = launcher.fitness(there, source)
    if fitness is launcher.Fitness.ABSENT:
        raise SettingsError(
            "Sony's SDK would find no camera: its folder CrAdapter does not lie beside"
            f" {source.executable}; run `lensbus doctor sony --fix` with these settings"
        )
    if fitness is launcher.Fitness.STALE:
        try:
            launcher.make(there, source)
        except launcher.LauncherError as error:
            raise SettingsError(str(error)) from error
    return launcher.command(there)


def shipped(name: str) -> Path:
    """Return a file of `deploy/`: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).parent / name
    return inside if inside.exists() else Path(__file__).parent.parent / name


def supervise(
    settings: Settings,
    environ: Mapping[str, str],
    tell: Callable[[str], None],
    descriptors: Collection[int],
) -> int:
    """Run supervisord until it ends; announce the system once it answers."""
    manager = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "lensbus_deploy.supervisord",
            "-c",
            str(shipped("supervisord.conf")),
        ],
        env=environ,
        preexec_fn=_die_with_parent,
        stdin=subprocess.DEVNULL,
        pass_fds=descriptors,
        # Ctrl-C reaches us alone; we pass it on once.
        start_new_session=True,
    )
    stopping = False

    def stop(number: int, frame: object) -> None:
        nonlocal stopping
        stopping = True
        tell(activation.STOPPING)
        manager.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    address = f"http://{settings.gateway.host}:{settings.gateway.port}"
    limit = time.monotonic() + READY_S
    while not stopping and manager.poll() is None:
        if answers(settings):
            sys.stdout.write(f"lensbus started on {address}\n")
            sys.stdout.flush()
            tell(activation.READY)
            break
        if time.monotonic() > limit:
            sys.stderr.write(f"lensbus: no answer yet; see {settings.state / 'logs'}\n")
            limit = float("inf")
        time.sleep(0.05)
    code = manager.wait()
    if stopping or code == 0:  # or somebody asked the manager itself to end, as a gateway can
        return 0
    sys.stderr.write(f"lensbus: supervisord ended; see {settings.state / 'logs'}\n")
    return code


def answers(settings: Settings) -> bool:
    """Tell whether the gateway reaches the broker."""
    gateway = settings.gateway
    connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=2)
    opened_by = local_pass(settings.state) if settings.demands_tokens else None
    headers = {"Authorization": f"Bearer {opened_by}"} if opened_by else {}
    try:
        connection.request("GET", "/api/server/status", headers=headers)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
