"""Shim and simulator under address, undefined-behaviour and leak sanitizers: their tests are clean.

The tests run on a copy of the sources whose native libraries were built with sanitizers, so that
nothing else on this machine meets those.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NATIVE = ROOT / "services" / "native"
SANITIZED = NATIVE / "build" / "sanitize" / "native"
TESTS = [
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/unit").glob("test_crsim*.py")),
    *(
        f"tests/contract/test_sony_{room}.py"
        for room in (
            *("shim", "driver", "operation", "card", "display", "configured"),
            *("hostile", "network", "profiles", "faults"),
        )
    ),
]
LIMIT_S = 900
# Frames with their source: who allocated is the first that is neither of these.
BELOW = re.compile(r"libsanitizer/|/include/c\+\+/|libstdc\+\+")
OURS = re.compile(r" (simulator|shim)/\w+\.(cpp|h):")


def runtime() -> str:
    """Return the path of the sanitizer's library, which a process must load before all others."""
    found = subprocess.run(
        ["g++", "-print-file-name=libasan.so"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return found if os.path.isabs(found) else ""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("g++") is None or not runtime():
        pytest.skip("g++ has no address sanitizer here")
    subprocess.run(["make", "-s", "-C", str(NATIVE), "sanitize"], check=True, timeout=600)
    copy = tmp_path_factory.mktemp("sanitized")
    ignored = shutil.ignore_patterns("build", "__pycache__", "*.so")
    for folder in ("proto", "broker", "gateway", "services", "deploy", "tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    native = copy / "services/lensbus_services/sony/native"
    native.mkdir(exist_ok=True)
    for library in SANITIZED.glob("*.so"):
        shutil.copy(library, native)
    return copy


def leaks_of_ours(report: str) -> list[str]:
    """Return the leaks of a report whose memory was allocated by one of our libraries."""
    return [part for part in report.split("\n\n") if " leak of " in part and is_ours(part)]


def is_ours(leak: str) -> bool:
    """Tell whether the first frame that asked for memory is in our sources."""
    frames = [line for line in leak.splitlines() if line.lstrip().startswith("#")]
    asking = next((frame for frame in frames if not BELOW.search(frame)), "")
    return OURS.search(asking) is not None


def run(copy: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run Python on the copy; return how it ended and what the sanitizers reported."""
    with tempfile.TemporaryDirectory() as reports:
        environment = {
            **os.environ,
            "LD_PRELOAD": runtime(),
            # Simulated crashes shall be seen as what they are. Python's own leaks are not ours.
            "ASAN_OPTIONS": f"handle_segv=0:handle_abort=0:detect_leaks=1:log_path={reports}/of",
            "LSAN_OPTIONS": "exitcode=0",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "PYTHONMALLOC": "malloc",
        }
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=copy,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return done, [path.read_text(errors="replace") for path in Path(reports).iterdir()]


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S + 60)
def test_the_native_parts_are_clean_under_sanitizers(copy: Path) -> None:
    done, reports = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS)
    errors = [text for text in reports if "ERROR: AddressSanitizer" in text]
    leaks = [leak for text in reports for leak in leaks_of_ours(text)]
    print(f"row=native-memory errors={len(errors)} leaks={len(leaks)} reports={len(reports)}")
    assert errors == [], errors[0]
    assert leaks == [], leaks[0]
    assert "runtime error:" not in done.stdout, done.stdout[-4000:]
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed in " in done.stdout  # a report ends the process with 0, too


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S)
def test_the_sanitizers_see_what_a_client_forgets_and_what_it_overruns(copy: Path) -> None:
    library = copy / "services/lensbus_services/sony/native/libcrsim.so"
    made = textwrap.dedent(
        f"""
        import ctypes as c
        lib, serial = c.CDLL({str(library)!r}), (c.c_uint8 * 13)(*b"D10F60149B0C")
        lib.CreateCameraObjectInfo(
            b"", b"", c.c_int16(0), c.c_uint32(0), c.c_uint32(SIZE), serial,
            b"USB", b"", b"", c.c_uint32(0),
        )
        del serial
        """
    )
    _, forgotten = run(copy, "-c", made.replace("SIZE", "13"))
    assert [leak for text in forgotten for leak in leaks_of_ours(text)]
    _, reports = run(copy, "-c", made.replace("SIZE", "4096"))
    assert any("heap-buffer-overflow" in text for text in reports)


def test_a_leak_is_ours_only_when_we_asked_for_the_memory() -> None:
    new = (
        "    #0 0x1 in operator new(unsigned long) ../src/libsanitizer/asan/asan_new_delete.cpp:95"
    )
    vector = "    #1 0x2 in std::vector<int>::push_back /usr/include/c++/12/bits/stl_vector.h:1"
    of_python = "    #2 0x3 in PyDict_New (/usr/bin/python3.11+0x12)"
    of_ours = "    #3 0x4 in crshim_list(int) shim/card.cpp:85"
    theirs = "\n".join(("Direct leak of 8 byte(s) in 1 object(s)", new, of_python, of_ours))
    ours = "\n".join(("Indirect leak of 8 byte(s) in 1 object(s)", new, vector, of_ours))
    assert leaks_of_ours(f"==1==ERROR: LeakSanitizer\n\n{theirs}\n\n{ours}\n\n") == [ours]
