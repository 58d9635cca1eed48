"""The copy of the interpreter beside CrAdapter: another executable, the same Python."""

import filecmp
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from kit.processes import ROOT, SOURCES
from lensbus_services.sony import launcher
from lensbus_services.sony.launcher import Fitness, Launcher, LauncherError, Source


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(str(ROOT / source) for source in SOURCES))


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "sdk" / "CrAdapter").mkdir(parents=True)
    return launcher.source_for(tmp_path / "sdk" / "libCr_Core.so")


@pytest.fixture
def there(tmp_path: Path) -> Launcher:
    return launcher.launcher_in(tmp_path / "state")


def run(there: Launcher | None, program: str) -> list[str]:
    done = subprocess.run(
        [*launcher.command(there), "-c", program],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_executable_lies_beside_the_adapter_and_nothing_else_changes(
    there: Launcher, source: Source
) -> None:
    launcher.make(there, source)
    program = (
        "import os, sys; exe = os.path.realpath('/proc/self/exe');"
        " print(exe, os.path.isdir(os.path.join(os.path.dirname(exe), 'CrAdapter')), sep='\\n');"
        " print(sys.executable, sys.prefix, sys.base_prefix, sys.path, sys.argv, sep='\\n')"
    )
    plain, copied = run(None, program), run(there, program)
    assert copied[:2] == [str(there.interpreter), "True"]
    assert plain[:2] == [str(source.executable), "False"]
    assert copied[2:] == plain[2:]


@pytest.mark.parametrize("option", ["--symlinks", "--copies"])
def test_a_virtual_environment_stays_what_it_is(
    there: Launcher, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    folder = tmp_path / "venv"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", option, folder], check=True, timeout=60
    )
    monkeypatch.setattr(launcher, "prove", lambda there: None)  # an empty one lacks our packages
    python = folder / "bin" / "python"
    launcher.make(there, replace(source, executable=python.resolve()))
    done = subprocess.run(
        [python, "-c", "import os, sys; print(sys.prefix); print(os.readlink('/proc/self/exe'))"],
        executable=there.interpreter,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert done.stdout.splitlines() == [str(folder), str(there.interpreter)]


def test_the_pid_stays_so_that_a_manager_keeps_its_process(there: Launcher, source: Source) -> None:
    launcher.make(there, source)
    child = subprocess.Popen(
        [*launcher.command(there), "-c", "import os; print(os.getpid())"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert int(child.communicate(timeout=20)[0]) == child.pid


def test_a_launcher_is_absent_then_current(there: Launcher, source: Source) -> None:
    assert launcher.fitness(there, source) is Fitness.ABSENT
    launcher.make(there, source)
    assert launcher.fitness(there, source) is Fitness.CURRENT


def test_another_interpreter_makes_it_stale_and_making_it_again_renews_it(
    there: Launcher, source: Source
) -> None:
    launcher.make(there, source)
    with there.interpreter.open("ab") as copy:
        copy.write(b"older")
    assert launcher.fitness(there, source) is Fitness.STALE
    launcher.make(there, source)
    assert launcher.fitness(there, source) is Fitness.CURRENT


def test_another_sdk_makes_it_stale(there: Launcher, source: Source, tmp_path: Path) -> None:
    launcher.make(there, source)
    (tmp_path / "newer" / "CrAdapter").mkdir(parents=True)
    newer = replace(source, adapter=tmp_path / "newer" / "CrAdapter")
    assert launcher.fitness(there, newer) is Fitness.STALE
    launcher.make(there, newer)
    assert launcher.fitness(there, newer) is Fitness.CURRENT


def test_an_sdk_that_was_moved_away_makes_it_stale(there: Launcher, source: Source) -> None:
    launcher.make(there, source)
    source.adapter.rename(source.adapter.with_name("elsewhere"))
    assert launcher.fitness(there, source) is Fitness.STALE


def test_a_running_copy_can_be_renewed(there: Launcher, source: Source) -> None:
    launcher.make(there, source)
    with subprocess.Popen(
        [*launcher.command(there), "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        launcher.make(there, source)
        child.communicate("\n", timeout=10)
    assert child.returncode == 0


def test_a_copy_that_dies_is_seen_by_who_started_it_with_its_signal_and_its_stack(
    there: Launcher, source: Source
) -> None:
    launcher.make(there, source)
    program = "import ctypes, faulthandler; faulthandler.enable(); ctypes.string_at(0)"
    died = subprocess.run(
        [*launcher.command(there), "-c", program],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert died.returncode == -signal.SIGSEGV
    assert "in string_at" in died.stderr


def test_without_the_sdks_folder_nothing_is_made(there: Launcher, source: Source) -> None:
    source.adapter.rmdir()
    with pytest.raises(LauncherError, match="CrAdapter is not there"):
        launcher.make(there, source)
    assert not there.folder.exists()


def test_a_state_folder_that_cannot_be_written_is_said(source: Source, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LauncherError, match="cannot be made"):
        launcher.make(Launcher(tmp_path / "file" / "launcher"), source)


def test_a_copy_that_is_no_interpreter_is_refused(
    there: Launcher, source: Source, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho something else\n")
    with pytest.raises(LauncherError, match=r"does not stand in for .* something else"):
        launcher.make(there, replace(source, executable=other))
    assert launcher.fitness(there, source) is Fitness.ABSENT


def test_a_copy_that_cannot_be_started_is_refused(
    there: Launcher, source: Source, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"\x7fELF nothing more")
    with pytest.raises(LauncherError, match="does not start"):
        launcher.make(there, replace(source, executable=other))
    assert launcher.fitness(there, source) is Fitness.ABSENT


def test_no_launcher_is_needed_where_the_adapter_lies_beside_the_interpreter(
    tmp_path: Path,
) -> None:
    assert not launcher.is_beside(tmp_path / "python")
    (tmp_path / "CrAdapter").mkdir()
    assert launcher.is_beside(tmp_path / "python")


def test_without_a_launcher_a_process_begins_plainly() -> None:
    assert launcher.command(None) == [sys.executable]


@pytest.mark.skipif(
    not sysconfig.get_config_var("Py_ENABLE_SHARED") or shutil.which("cc") is None,
    reason="needs a shared libpython and a C compiler",
)
def test_an_interpreter_that_finds_its_library_relative_to_itself_still_does(
    there: Launcher, source: Source, tmp_path: Path
) -> None:
    """Relocatable builds of Python are linked like this."""
    python = tmp_path / "relocatable" / "bin" / "python"
    python.parent.mkdir(parents=True)
    lib = Path(sysconfig.get_config_var("LIBDIR"))
    (tmp_path / "relocatable" / "lib").symlink_to(lib)
    main = (
        "int Py_BytesMain(int, char **); int main(int c, char **v) { return Py_BytesMain(c, v); }"
    )
    subprocess.run(
        [
            *("cc", "-x", "c", "-", "-o", python, "-Wl,-rpath,$ORIGIN/../lib"),
            *("-L", lib, f"-lpython{sysconfig.get_python_version()}"),
        ],
        input=main.encode(),
        check=True,
        timeout=60,
    )
    launcher.make(there, replace(source, executable=python, prefix=tmp_path / "relocatable"))
    assert filecmp.cmp(there.interpreter, python, shallow=False)
    mapped = "print(next(line for line in open('/proc/self/maps') if 'libpython' in line), end='')"
    assert Path(run(there, mapped)[0].split()[-1]).parent == lib.resolve()
