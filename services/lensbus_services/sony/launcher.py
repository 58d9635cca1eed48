"""A copy of the interpreter beside the SDK's folder CrAdapter.

On Linux Sony's SDK looks for CrAdapter beside the executable of the process, and a link to the
interpreter does not help: `/proc/self/exe` names the real file. So the state folder gets

    launcher/bin/python       a copy of the interpreter
    launcher/bin/CrAdapter    a link to the SDK's folder: only the executable has to be a copy
    launcher/lib              a link to the interpreter's own lib: some find libpython by `../lib`

The copy is started under the *name* of the real interpreter. Python finds its prefix, its virtual
environment and its packages from that name (`argv[0]`), so everything but the executable is the
same, and neither PYTHONHOME nor a second environment is needed. supervisord cannot give a command
another name: a Python of one line does, and becomes the copy.
"""

import filecmp
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from lensbus_proto.errors import LensbusError

ADAPTER: Final = "CrAdapter"
PROOF_S: Final = 20.0
_BECOME: Final = "import os, sys; os.execv(sys.argv[1], [sys.executable, *sys.argv[2:]])"
_PROOF: Final = """\
import os, sys
import cffi, lensbus_services
print(os.readlink("/proc/self/exe"))
print(sys.executable)
print(sys.prefix)
"""


class LauncherError(LensbusError):
    """The launcher cannot be made, or does not work; the text says why."""

    code = "launcher"


class Fitness(StrEnum):
    """What a launcher is good for."""

    ABSENT = "absent"
    STALE = "stale"  # the interpreter or the SDK has changed since
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Launcher:
    """Where the launcher of one system lies, there or not."""

    folder: Path

    @property
    def interpreter(self) -> Path:
        """The copy."""
        return self.folder / "bin" / "python"

    @property
    def adapter(self) -> Path:
        """The link to CrAdapter."""
        return self.folder / "bin" / ADAPTER

    @property
    def lib(self) -> Path:
        """The link to the interpreter's libraries."""
        return self.folder / "lib"


@dataclass(frozen=True, slots=True)
class Source:
    """What a launcher is made from: the interpreter, its installation, and the SDK's folder."""

    executable: Path
    prefix: Path
    adapter: Path


def launcher_in(state: Path) -> Launcher:
    """Return the launcher of a state folder."""
    return Launcher(state / "launcher")


def source_for(library: Path) -> Source:
    """Return what this process would make a launcher from, for the SDK with this core library."""
    return Source(
        Path(sys.executable).resolve(),
        Path(sys.base_prefix),
        library.expanduser().absolute().parent / ADAPTER,
    )


def is_beside(executable: Path) -> bool:
    """Tell whether CrAdapter lies beside an executable: then no launcher is needed."""
    return (executable.parent / ADAPTER).is_dir()


def fitness(launcher: Launcher, source: Source) -> Fitness:
    """Return what a launcher is good for, compared with what it would be made from now."""
    if not launcher.interpreter.is_file():
        return Fitness.ABSENT
    same = (
        filecmp.cmp(launcher.interpreter, source.executable, shallow=False)
        and _same(launcher.adapter, source.adapter)
        and _same(launcher.lib, source.prefix / "lib")
    )
    return Fitness.CURRENT if same else Fitness.STALE


def _same(link: Path, target: Path) -> bool:
    return link.is_dir() and link.resolve() == target.resolve()


def make(launcher: Launcher, source: Source) -> None:
    """Make or renew a launcher and prove it; LauncherError when it does not work here.

    Processes that run from the old copy keep it.
    """
    if not source.adapter.is_dir():
        raise LauncherError(
            f"{source.adapter} is not there: copy the SDK's libraries with their folder {ADAPTER}"
        )
    try:
        launcher.interpreter.parent.mkdir(parents=True, exist_ok=True)
        _link(launcher.adapter, source.adapter)
        _link(launcher.lib, source.prefix / "lib")
        partial = launcher.interpreter.with_suffix(".partial")
        shutil.copyfile(source.executable, partial)
        partial.chmod(0o755)
        partial.replace(launcher.interpreter)
    except OSError as error:
        raise LauncherError(f"{launcher.folder} cannot be made: {error}") from error
    try:
        prove(launcher)
    except LauncherError:
        launcher.interpreter.unlink()  # nobody shall take it for one that works
        raise


def _link(link: Path, target: Path) -> None:
    partial = link.with_name(f"{link.name}.partial")
    partial.unlink(missing_ok=True)
    partial.symlink_to(target, target_is_directory=True)
    partial.replace(link)


def prove(launcher: Launcher) -> None:
    """Start the copy and compare: another executable, everything else the same."""
    expected = f"{launcher.interpreter.resolve()}\n{sys.executable}\n{sys.prefix}\n"
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROOF],
            executable=launcher.interpreter,
            capture_output=True,
            text=True,
            timeout=PROOF_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LauncherError(f"{launcher.interpreter} does not start: {reason}") from error
    if done.returncode != 0 or done.stdout != expected:
        seen = (done.stderr or done.stdout).strip().splitlines()
        raise LauncherError(
            f"{launcher.interpreter} does not stand in for {sys.executable}:"
            f" {seen[-1] if seen else f'exit code {done.returncode}'}"
        )


def command(launcher: Launcher | None) -> list[str]:
    """Return how a Python begins: through a launcher, or plainly."""
    if launcher is None:
        return [sys.executable]
    # -S: the first Python needs no packages, and costs milliseconds without them.
    return [sys.executable, "-S", "-c", _BECOME, str(launcher.interpreter)]
