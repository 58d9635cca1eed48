"""What a device tells by itself, as kind and body of WIRE.md section 8."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lensbus_services.oak.freshness import COOL_C, HOT_C, Change

Told = tuple[str, Mapping[str, Any]]

_LOST: Final = {"error": "0x00008001", "errorCode": "0x8001"}


def lost(camera: str, reason: str) -> Told:
    """Say that the link to the device is lost."""
    return "disconnected", {"id": camera, **_LOST, "reason": reason}


def back(camera: str, model: str) -> Told:
    """Say that the device is there again."""
    return "connected", {"id": camera, "model": model}


def freshness(change: Change) -> Told:
    """Say that a stream has fallen silent, or speaks again."""
    silent_ms = round(change.silent_s * 1000)
    if change.is_stale:
        body = {"silent_ms": silent_ms, "limit_ms": round(change.limit_s * 1000)}
        return "stale", {"stream": change.stream, **body}
    return "fresh", {"stream": change.stream, "silent_ms": silent_ms}


def heat(is_hot: bool, celsius: float) -> Told:
    """Say that the chip is too hot, or well again."""
    if is_hot:
        return "overTemperature", {"celsius": round(celsius, 1), "limit": HOT_C}
    return "temperatureNormal", {"celsius": round(celsius, 1), "limit": COOL_C}


def replay_ended(stream: str) -> Told:
    """Say that a film has come to its end; its last picture stays."""
    return "replayEnded", {"stream": stream}


def crash_dump(path: Path) -> Told:
    """Say that the device had crashed and where its dump is kept."""
    return "crashDump", {"path": str(path)}
