"""The files of `deploy/`, judged by the programs that they are for."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kit.processes import ROOT

DEPLOY = ROOT / "deploy"


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "lensbus.service"
    text = (DEPLOY / "systemd" / "lensbus.service").read_text()
    assert text.count("/opt/lensbus/bin/lensbus ") == 2
    unit.write_text(text.replace("/opt/lensbus/bin/lensbus ", f"{sys.executable} "))
    command = [need("systemd-analyze"), "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_systemd_takes_the_socket(tmp_path: Path) -> None:
    for name in ("lensbus.socket", "lensbus.service"):
        text = (DEPLOY / "systemd" / name).read_text()
        (tmp_path / name).write_text(
            text.replace("/opt/lensbus/bin/lensbus ", f"{sys.executable} ")
        )
    unit = str(tmp_path / "lensbus.socket")
    command = [need("systemd-analyze"), "verify", "--man=no", unit]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_leaves_little_to_an_intruder() -> None:
    unit = str(DEPLOY / "systemd" / "lensbus.service")
    # In tenths of systemd's own scale, on which 10 is a service without any limits.
    command = [need("systemd-analyze"), "security", "--offline=true", "--threshold=25", unit]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_logrotate_rotates_a_log_that_stays_open(tmp_path: Path) -> None:
    program = need("logrotate")
    (tmp_path / "logs").mkdir()
    text = (DEPLOY / "logrotate" / "lensbus").read_text()
    for old, new in (("/var/lib/lensbus/", f"{tmp_path}/"), ("    su lensbus lensbus\n", "")):
        assert old in text
        text = text.replace(old, new)
    rules = tmp_path / "rules"
    rules.write_text(text)
    rules.chmod(0o644)
    (tmp_path / "logs" / "audit.jsonl").write_bytes(b"{}\n")
    log = tmp_path / "logs" / "broker.log"
    with log.open("ab", buffering=0) as opened:
        opened.write(b"before\n")
        command = [program, "--force", "--state", str(tmp_path / "state"), str(rules)]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        opened.write(b"after\n")
    assert log.read_bytes() == b"after\n"
    (kept,) = (path for path in log.parent.glob("broker.log*") if path != log)
    assert [path.read_bytes() for path in log.parent.glob("audit.jsonl-*")] == [b"{}\n"]
    assert kept.read_bytes() == b"before\n"
    assert re.fullmatch(r"broker\.log-\d{8}", kept.name)


def test_every_kernel_setting_is_one_that_linux_has() -> None:
    lines = (DEPLOY / "sysctl.d" / "90-lensbus.conf").read_text().splitlines()
    names = [line.split("=")[0].strip() for line in lines if line and not line.startswith("#")]
    assert len(names) == 3
    for name in names:
        # In a network namespace of its own a process may not see all of them.
        assert name.startswith(("net.core.", "net.ipv4."))
        place = Path("/proc/sys", *name.split("."))
        assert place.exists() or name == "net.core.rmem_max", name


def test_the_image_is_made_of_what_is_there() -> None:
    text = (DEPLOY / "docker" / "Dockerfile").read_text()
    assert "'.[all]'" in text
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert not {"services", "proto", "deploy", "README.md", "LICENSE"} & set(ignored)
    compose = (DEPLOY / "docker" / "compose.yaml").read_text()
    (context,) = re.findall(r"context: (\S+)", compose)
    assert (DEPLOY / "docker" / context).resolve() == ROOT
    (dockerfile,) = re.findall(r"dockerfile: (\S+)", compose)
    assert (ROOT / dockerfile).exists()


def test_the_operator_s_page_names_every_file() -> None:
    page = (DEPLOY / "README.md").read_text()
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    ours = [
        path for path in files if "lensbus_deploy" not in path.parts and path.name != "README.md"
    ]
    assert ours
    for path in ours:
        assert f"({path.relative_to(DEPLOY)})" in page, path
