import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from lensbus_deploy.up import shipped
from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.settings import Settings, load


def leaves(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", list(value) if isinstance(value, tuple) else value


def write(folder: Path, text: str) -> Path:
    path = folder / "lensbus.toml"
    path.write_text(text)
    return path


def test_the_shipped_file_shows_every_key_with_its_default() -> None:
    shown = tomllib.loads(shipped("lensbus.toml").read_text())
    assert dict(leaves(shown)) == dict(leaves(asdict(Settings())))


def test_every_key_of_the_shipped_file_is_explained() -> None:
    lines = shipped("lensbus.toml").read_text().splitlines()
    explained = False
    for line in lines:
        if line.startswith("["):
            explained = False
        elif "=" in line and not line.startswith("#"):
            # By a comment on its line, or above the first key of its group.
            assert explained or "#" in line, line
        explained = explained or line.startswith("#")


def test_without_a_file_everything_is_default() -> None:
    assert load(None, {}) == Settings()


def test_a_variable_overrides_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "[gateway]\nport = 8090\n")
    assert load(path, {}).gateway.port == 8090
    assert load(path, {"LENSBUS_GATEWAY_PORT": "8091"}).gateway.port == 8091
    environ = {"LENSBUS_SONY_SIMULATOR_TIME_SCALE": "0", "LENSBUS_SYSTEM_STATE": "/x"}
    settings = load(path, environ)
    assert settings.sony.simulator.time_scale == 0.0
    assert settings.endpoint("events") == "ipc:///x/run/events"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gateway]\nport = 'x'", "gateway.port is 'x', expected int"),
        ("[gateway]\nport = true", "gateway.port is True, expected int"),
        ("[gateway]\nport = 0", "gateway.port is 0, expected 1 to 65535"),
        ("[gateway]\nprot = 1", "gateway.prot is not a setting"),
        ("[gatway]\nport = 1", "gatway is not a setting"),
        ("gateway = 3", "gateway is 3, expected"),
        ("[oak]\nbackend = 'usb'", "oak.backend is 'usb', expected one of simulator, device"),
        ("[sony.simulator]\ncameras = 'x'", "sony.simulator.cameras is 'x', expected a list"),
        (
            "[sony.simulator]\ncallback_slots = 20",
            "callback_slots is 20, expected 12, 18, 19 or 21",
        ),
        ("[broker]\nsilence_s = 0.5", "broker.silence_s is 0.5, expected 1 to 600"),
        ("x = [", "is not TOML"),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(tmp_path, text), {})
    assert said in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read"):
        load(tmp_path / "nowhere.toml", {})
