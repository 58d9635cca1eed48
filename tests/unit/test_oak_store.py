import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lensbus_services.oak import config, control, store
from lensbus_services.oak.features import Features, Identity
from lensbus_services.oak.lights import Lights
from lensbus_services.oak.profiles import PROFILES

_PRO = PROFILES["OAK-D-PRO"]
FEATURES = Features(
    Identity("1", "1.1", "OAK-D-PRO", "p", "q", "s", "t"), _PRO.sensors, _PRO.pairs, True
)
DEFAULT = store.defaults(FEATURES, "cameras", 30.0)


def test_what_boots_is_a_setting() -> None:
    assert store.defaults(FEATURES, "cameras", 30.0).active == {"CAM_A", "CAM_B", "CAM_C"}
    assert store.defaults(FEATURES, "color", 30.0).active == {"CAM_A"}
    assert store.defaults(FEATURES, "none", 30.0).active == set()


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "cameras" / "one.json"
    color, mono = FEATURES.sensors[0], FEATURES.sensors[1]
    body = {"width": 2016, "height": 1520, "fps": 12, "resize_mode": "STRETCH"}
    small = body | {"width": 600, "height": 300}
    focus = {"auto_focus_mode": "OFF", "lens_position": 0.75}
    wanted = replace(
        DEFAULT,
        active=frozenset({"CAM_A", "DEPTH_B_C"}),
        configs={
            **DEFAULT.configs,
            "CAM_A": config.change(DEFAULT.configs["CAM_A"], body, color),
            "CAM_B": config.change(DEFAULT.configs["CAM_B"], small, mono),
        },
        controls={
            **DEFAULT.controls,
            "CAM_A": control.change(DEFAULT.controls["CAM_A"], {"focus": focus, "contrast": -3}),
        },
        lights=Lights(0.5, 0.25),
    )
    store.save(path, wanted, FEATURES)
    assert store.load(path, FEATURES, DEFAULT) == wanted
    assert [each.name for each in path.parent.iterdir()] == ["one.json"]


def test_a_camera_that_was_shut_down_is_remembered_with_all_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    store.save(path, replace(DEFAULT, is_booted=False), FEATURES)
    assert store.shut_down(path) == FEATURES
    assert store.load(path, FEATURES, DEFAULT) == DEFAULT

    store.save(path, DEFAULT, FEATURES)
    assert store.shut_down(path) is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"version": 1, "booted": false}',
        '{"version": 1, "booted": false, "features": {"device": {}}}',
        '{"version": 2, "booted": false}',
    ],
)
def test_a_camera_of_which_too_little_is_known_boots(tmp_path: Path, content: str) -> None:
    path = tmp_path / "one.json"
    path.write_text(content, encoding="utf-8")
    assert store.shut_down(path) is None
    assert store.shut_down(tmp_path / "none.json") is None


def test_a_file_of_an_older_version_has_dark_lights(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text('{"version": 1, "active": ["CAM_A"], "configs": {}, "controls": {}}')
    loaded = store.load(path, FEATURES, replace(DEFAULT, lights=Lights(1.0, 1.0)))
    assert (loaded.active, loaded.lights) == (frozenset({"CAM_A"}), Lights())


def test_without_a_file_the_defaults_hold_and_nothing_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert store.load(tmp_path / "none.json", FEATURES, DEFAULT) is DEFAULT
    assert not caplog.records


def _broken() -> list[Any]:
    good = {"version": 1, "active": [], "configs": {}, "controls": {}}
    return [
        None,
        [],
        {},
        good | {"version": 2},
        good | {"active": ["CAM_B", "DEPTH_B_C"]},
        good | {"active": ["CAM_Z"]},
        good | {"active": 3},
        good | {"configs": {"CAM_Z": {}}},
        good | {"configs": {"CAM_A": {"resolution": "THE_1_P", "fps": 1}}},
        good | {"configs": {"CAM_A": 7}},
        good | {"configs": []},
        good | {"controls": {"CAM_A": {"contrast": 99}}},
        good | {"controls": {"CAM_A": None}},
        good | {"lights": {"flood_light": 2}},
        good | {"lights": None},
    ]


@pytest.mark.parametrize("table", _broken(), ids=str)
def test_a_file_that_makes_no_sense_is_ignored_with_a_warning(
    table: object, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps(table), encoding="utf-8")
    assert store.load(path, FEATURES, DEFAULT) == DEFAULT
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"{}" * 3])
def test_a_file_that_is_not_json_is_ignored(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(content)
    assert store.load(path, FEATURES, DEFAULT) == DEFAULT


def test_a_folder_that_cannot_be_written_does_not_stop_the_camera(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cameras").write_text("in the way", encoding="utf-8")
    store.save(tmp_path / "cameras" / "one.json", DEFAULT, FEATURES)
    assert "not saved" in caplog.text
