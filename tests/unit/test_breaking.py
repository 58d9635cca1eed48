"""`lensbus break`, against a simulated camera that a process holds, and one that nobody holds."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from kit.crsim_client import ALPHA, LIBRARY, Simulator
from lensbus_deploy.breaking import readable
from lensbus_deploy.cli import main

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="make -C services/native")

OAK = "14442C10D13EABCE00"


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    values = {"LENSBUS_SYSTEM_STATE": str(tmp_path)}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("LENSBUS_CONFIG", raising=False)
    return values


@pytest.fixture
def sony(tmp_path: Path) -> Path:
    return tmp_path / "simulator" / "sony"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["lensbus", "break", *arguments])
    return main()


@pytest.mark.usefixtures("environ")
def test_a_camera_that_nobody_holds_is_broken_by_its_file(
    sony: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, ALPHA, "not-exposed", "every=4") == 0
    assert (sony / f"{ALPHA}.not-exposed").read_text() == "every=4"
    assert run(monkeypatch, ALPHA, "--heal") == 0
    assert list(sony.iterdir()) == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("environ")
def test_a_camera_that_a_process_holds_is_broken_through_it(
    sony: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulator.running({}, sony) as sim, sim.connected(ALPHA) as body:
        assert run(monkeypatch, ALPHA, "unplugged") == 0
        body.listener.wait_for("warning", 0x20002)
        assert run(monkeypatch, ALPHA, "--heal", "unplugged", "--list", "--count") == 0
        body.listener.wait_for("warning", 0x20001)
    told = capsys.readouterr().out.splitlines()
    assert told[:3] == ["broken:", "  nothing", "can be broken:"]
    assert "  storm (rate=50000 seconds=10)" in told
    assert "losses=1" in told


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((ALPHA, "earthquake"), "lensbus: there is no scenario earthquake; there are unplugged,"),
        ((ALPHA, "storm", "rate=0"), "lensbus: rate of storm is 0, expected 1 to 1000000"),
        ((ALPHA, "storm", "rate"), "lensbus: rate is not name=value"),
        (
            ("4711", "storm"),
            f"lensbus: 4711 is not a simulated camera; the simulated ones are {ALPHA}",
        ),
        (("../etc", "storm"), "lensbus: ../etc is not a simulated camera;"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    assert run(monkeypatch, *arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith(sentence)
    assert said.count("\n") == 1


@pytest.mark.usefixtures("environ")
def test_a_real_camera_is_never_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LENSBUS_SONY_LIBRARY", "/opt/CrSDK/lib/libCr_Core.so")
    monkeypatch.setenv("LENSBUS_OAK_BACKEND", "device")
    assert run(monkeypatch, ALPHA, "storm") == 2
    expected = f"lensbus: {ALPHA} is not a simulated camera; there are none\n"
    assert capsys.readouterr().err == expected


@pytest.mark.usefixtures("environ")
def test_a_camera_of_the_other_vendor_is_broken_in_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, OAK, "slow", "ms=200") == 0
    assert (tmp_path / "simulator" / "oak" / f"{OAK}.slow").read_text() == "ms=200"


@pytest.mark.usefixtures("environ")
def test_a_camera_on_a_network_is_named_by_its_address(
    sony: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LENSBUS_SONY_SIMULATOR_CAMERAS", '["ILCE-7M4:D10F60149B0C@10.0.0.7"]')
    assert run(monkeypatch, "D1:0F:60:14:9B:0C", "held") == 0
    assert (sony / "D10F60149B0C.held").exists()


@pytest.mark.usefixtures("environ")
def test_nothing_to_do_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, ALPHA)
    assert ended.value.code == 2


def test_an_answer_has_one_fact_on_each_line() -> None:
    assert readable("") == ""
    assert readable("exposures=3 files=4") == "exposures=3\nfiles=4\n"
    lists = "broken: b; can be broken: a (x=1 y=2), b"
    assert readable(lists) == "broken:\n  b\ncan be broken:\n  a (x=1 y=2)\n  b\n"
