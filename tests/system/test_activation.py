"""Socket activation: whoever starts `lensbus up` keeps the gateway's socket over its restarts."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from kit.bus import short_folder
from kit.gateway import Wire
from kit.processes import environ, free_port, wait_for
from lensbus_deploy import activation
from lensbus_deploy.activation import inherited, tell, without
from lensbus_proto.errors import SettingsError

UP = [sys.executable, "-m", "lensbus_deploy.cli", "up"]
QUIET = {"LENSBUS_SONY_ENABLED": "false", "LENSBUS_OAK_ENABLED": "false"}
# What systemd does after the fork: the variables name the process that it becomes.
HAND_OVER = ["/bin/sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh"]


@contextmanager
def service(
    command: Sequence[str], state: Path, extra: dict[str, str], listener: socket.socket | None
) -> Iterator["subprocess.Popen[str]"]:
    """Run `lensbus up` as a service manager does; it ends by SIGTERM."""

    def third() -> None:
        if listener is not None:
            os.dup2(listener.fileno(), activation.FIRST)

    child = subprocess.Popen(
        [*command, *UP, "--state", str(state)],
        env=environ({**QUIET, **extra}),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=third,
        close_fds=listener is None,
    )
    assert child.stdout is not None
    with child.stdout:
        try:
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)
                raise


def status(address: tuple[str, int]) -> int:
    with Wire(address) as wire:
        wire.socket.settimeout(90)
        wire.request("/api/server/status")
        return wire.answer()[0]


def started(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    return child.stdout.readline()


def test_a_restart_of_the_service_refuses_nobody() -> None:
    """One process of ours is the service manager: it makes the socket and keeps it."""
    with short_folder() as state, socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        address = listener.getsockname()
        served: list[int] = []
        failed: list[OSError] = []
        over = threading.Event()

        def ask() -> None:
            while not over.is_set():
                try:
                    served.append(status(address))
                except (OSError, AssertionError) as error:
                    failed.append(OSError(str(error)))
                time.sleep(0.02)

        asking = [threading.Thread(target=ask) for _ in range(4)]
        with short_folder() as told:
            ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            with ready:
                ready.bind(str(told / "notify"))
                ready.settimeout(90)
                extra = {"NOTIFY_SOCKET": str(told / "notify")}
                with service(HAND_OVER, state, extra, listener) as child:
                    assert started(child) == f"lensbus started on http://127.0.0.1:{address[1]}\n"
                    assert ready.recv(100) == b"READY=1"
                    for thread in asking:
                        thread.start()
                    wait_for(lambda: len(served) > 20, limit_s=60)
                assert child.returncode == 0
                assert ready.recv(100) == b"STOPPING=1"
                before = len(served)
                with service(HAND_OVER, state, extra, listener) as child:
                    assert "started on" in started(child)
                    wait_for(lambda: len(served) > before + 20, limit_s=60)
                    over.set()
                    for thread in asking:
                        thread.join(100)
        assert set(served) <= {200, 503}, "503 while the broker is only beginning"
        # Who had asked the one that ended, and had no answer yet, is cut; nobody is refused.
        assert [error for error in failed if "refused" in str(error)] == []
        assert len(failed) <= len(asking)


def test_systemd_itself_hands_the_socket_over() -> None:
    program = shutil.which("systemd-socket-activate")
    if program is None:
        pytest.skip("systemd-socket-activate is not installed")
    port = free_port()
    with short_folder() as state:
        variables = [f"--setenv={name}" for name in ("PATH", "PYTHONPATH", "HOME")]
        variables += [f"--setenv={name}={value}" for name, value in QUIET.items()]
        command = [program, f"--listen=127.0.0.1:{port}", *variables]
        with service(command, state, {}, None) as child:

            def listens() -> bool:
                try:
                    # It starts the system by this, and has the connection served.
                    socket.create_connection(("127.0.0.1", port), 60).close()
                except OSError:
                    return False
                return True

            wait_for(listens, limit_s=60)
            assert started(child) == f"lensbus started on http://127.0.0.1:{port}\n"
            assert status(("127.0.0.1", port)) == 200


def refused(*sockets: socket.socket, number: str = "1") -> str:
    """Return why `lensbus up` does not take what is handed to it."""
    hand_over = [*HAND_OVER[:2], HAND_OVER[2].replace("FDS=1", f"FDS={number}")]
    with short_folder() as state:
        done = subprocess.run(
            [*hand_over, "sh", *UP, "--state", str(state)],
            env=environ(QUIET),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            preexec_fn=lambda: [os.dup2(one.fileno(), 3) for one in sockets],
            close_fds=False,
        )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    return line


def test_what_cannot_be_the_gateway_s_socket_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as good:
        assert "2 sockets were handed over, expected one" in refused(good, number="2")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bad:
        assert "does not listen on a TCP port" in refused(bad)


def test_what_is_meant_for_another_process_is_left_alone() -> None:
    assert inherited({}, 7) is None
    assert inherited({"LISTEN_PID": "8", "LISTEN_FDS": "1"}, 7) is None
    assert inherited({"LISTEN_PID": "7", "LISTEN_FDS": "0"}, 7) is None
    with pytest.raises(SettingsError):
        inherited({"LISTEN_PID": "7", "LISTEN_FDS": "x"}, 7)


def test_nobody_below_reads_what_was_for_the_first_process() -> None:
    handed = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "NOTIFY_SOCKET": "/x", "PATH": "/bin"}
    assert without(handed) == {"PATH": "/bin"}


def test_a_service_manager_that_is_gone_is_told_nothing(tmp_path: Path) -> None:
    tell({"NOTIFY_SOCKET": str(tmp_path / "nobody")}, activation.READY)
    tell({"NOTIFY_SOCKET": ""}, activation.READY)
    tell({}, activation.READY)
