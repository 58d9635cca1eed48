"""`lensbus reload`: replace the gateways of a running system, one after another.

The listening socket is supervisord's and the other gateways go on, so that nobody is refused; who
had an event stream open comes back with its cursor.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from xmlrpc.client import Fault, ProtocolError, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.settings import load

GROUP: Final = "gateway"
# A gateway answers what is under way before it ends, for up to 30 s.
REPLACED_S: Final = 45.0
LOOK_S: Final = 0.05


def reload(environ: Mapping[str, str]) -> int:
    """Replace every gateway; return the exit code.

    Raises SettingsError when no system runs on the state folder.
    """
    config = Path(environ["LENSBUS_CONFIG"]) if environ.get("LENSBUS_CONFIG") else None
    state = load(config, environ).state
    with connected(state) as supervisor:
        for process in processes(supervisor):
            name = f"{process['group']}:{process['name']}"
            replace(supervisor, name, process["pid"], state)
            sys.stdout.write(f"{process['name']} replaced\n")
            sys.stdout.flush()
    return 0


@contextmanager
def connected(state: Path) -> Iterator[Any]:
    """Yield the supervisor of the system that keeps its state there."""
    path = state / "run" / "supervisor.sock"
    transport = SupervisorTransport("", "", f"unix://{path}")
    # The address is never used, but it must look like one.
    supervisor: Any = ServerProxy("http://127.0.0.1", transport=transport).supervisor
    try:
        supervisor.getState()
    except (OSError, ProtocolError) as error:
        raise SettingsError(f"no system runs on the state folder {state}") from error
    try:
        yield supervisor
    finally:
        transport.close()


def processes(supervisor: Any) -> list[dict[str, Any]]:
    """Return what supervisord knows about each gateway."""
    return [info for info in supervisor.getAllProcessInfo() if info["group"] == GROUP]


def replace(supervisor: Any, name: str, pid: int, state: Path) -> None:
    """End one gateway and wait for its successor, which supervisord starts by itself."""
    try:
        supervisor.signalProcess(name, "USR1")
    except Fault:
        supervisor.startProcess(name)  # it was not running

    def is_ready() -> bool:
        now = supervisor.getProcessInfo(name)["pid"]
        return now not in (0, pid) and (state / "run" / f"gateway-{now}.ready").exists()

    wait_for(is_ready, f"{name} does not answer; see {state / 'logs'}")


def wait_for(condition: Callable[[], bool], otherwise: str) -> None:
    """Wait until a condition holds; raise SettingsError when it does not in time."""
    limit = time.monotonic() + REPLACED_S
    while not condition():
        if time.monotonic() > limit:
            raise SettingsError(otherwise)
        time.sleep(LOOK_S)
