import os
from pathlib import Path

import pytest

from lensbus_proto.runtime.clock import unix_us
from lensbus_services.oak.scenarios import SCENARIOS, BadScenario, World, is_absent, parse, usage
from lensbus_services.oak.thermal import AMBIENT_C, DRIFT_S, Thermal

CAMERA = "14442C10D13EABCE00"


def aged(world: World, name: str, seconds: float) -> None:
    """Have a scenario hold since some seconds ago."""
    began = unix_us() / 1e6 - seconds
    os.utime(world.folder / f"{CAMERA}.{name}", (began, began))


def test_parameters_are_numbers_within_limits_with_defaults() -> None:
    assert parse("slow", []) == {"ms": 200}
    assert parse("slow", ["ms=5", "stream=CAM_A"]) == {"ms": 5.0, "stream": "CAM_A"}
    assert parse("absent", []) == {"seconds": 10}
    assert parse("disconnect", []) == {}


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_scenario_names_its_parameters_and_takes_its_own_limits(name: str) -> None:
    scenario = SCENARIOS[name]
    for key, allowed in scenario.numbers.items():
        for value in (allowed.least, allowed.most):
            assert parse(name, [f"{key}={value:g}"])[key] == value
        for value in (allowed.least - 0.1, allowed.most + 1):
            with pytest.raises(BadScenario, match=f"{key} is"):
                parse(name, [f"{key}={value}"])
        assert key in usage(scenario)
    with pytest.raises(BadScenario, match="it takes"):
        parse(name, ["color=blue"])


def test_a_scenario_holds_while_its_file_is_there(tmp_path: Path) -> None:
    world = World(tmp_path / "world", CAMERA)
    assert world.held() == {}, "no folder is no trouble"
    world.begin("slow", ["ms=300"])
    assert world.held() == {"slow": {"ms": 300.0}}
    assert World(world.folder, "14442C1051B665D700").held() == {}, "each camera has its own"
    world.heal("slow")
    world.heal("slow")
    assert world.held() == {}


def test_a_scenario_ends_with_its_seconds_and_takes_its_file_along(tmp_path: Path) -> None:
    world = World(tmp_path, CAMERA)
    world.begin("disconnect", ["seconds=10"])
    aged(world, "disconnect", 9.0)
    assert "disconnect" in world.held()
    assert is_absent(tmp_path, CAMERA)
    aged(world, "disconnect", 10.1)
    assert world.held() == {}
    assert os.listdir(tmp_path) == []
    assert not is_absent(tmp_path, CAMERA)


def test_a_scenario_that_strikes_some_times_is_then_gone(tmp_path: Path) -> None:
    world = World(tmp_path, CAMERA)
    world.begin("boot-failure", ["times=3"])
    strikes = [world.strike("boot-failure") is not None for _ in range(5)]
    assert strikes == [True, True, True, False, False]
    assert os.listdir(tmp_path) == []


def test_files_that_make_no_sense_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path, CAMERA)
    (tmp_path / f"{CAMERA}.slow").write_text("ms=quick", encoding="utf-8")
    (tmp_path / f"{CAMERA}.stall").write_bytes(b"\xff\xfe")
    (tmp_path / f"{CAMERA}.absent").mkdir()
    (tmp_path / f"{CAMERA}.bogus").write_text("", encoding="utf-8")
    assert [world.held(), world.held()] == [{}, {}]
    assert len(caplog.records) == 1, "said once, not ten times a second"


def test_a_chip_drifts_to_where_its_work_takes_it() -> None:
    thermal = Thermal(0.0)
    assert thermal.feel(0.0, 4, 1)["average"] == AMBIENT_C
    warmer = [thermal.feel(second, 4, 1)["average"] for second in (5.0, 20.0, 60.0, 600.0)]
    assert warmer == sorted(set(warmer))
    assert warmer[-1] == pytest.approx(AMBIENT_C + 16.0, abs=0.1)
    after = thermal.feel(600.0 + DRIFT_S, 0, 0)
    assert AMBIENT_C < after["average"] < warmer[-1]
    assert after["css"] > after["average"] > after["dss"]
