"""The orders in which events and answers come, as programs on the Alpha API rely on them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from kit.processes import wait_for
from kit.system import CINEMA, Stream, System, stream

API = f"/api/cameras/{CINEMA}"


@contextmanager
def connected(system: System, reconnecting: str) -> Iterator[Stream]:
    """Yield the events of a connected body, from its connection on."""
    with stream(system, f"{API}/events") as events:
        system.json("POST", f"{API}/connection", {"mode": "remote", "reconnecting": reconnecting})
        events.wait("connected", CINEMA, after=1)
        yield events
        system.json("DELETE", f"{API}/connection")


@contextmanager
def unplugged(system: System) -> Iterator[None]:
    """Pull the cable of the body for a while."""
    cable = system.state / "simulator" / "sony" / f"{CINEMA}.unplugged"
    cable.touch()
    try:
        yield
    finally:
        cable.unlink(missing_ok=True)


def links(events: Stream, begin: int) -> list[str]:
    """Return what was told of the link."""
    told = ("connected", "disconnected", "reconnecting", "reconnected")
    return [kind for kind, _ in events.events[begin:] if kind in told]


def test_a_disconnection_is_told_before_it_is_answered(system: System) -> None:
    with stream(system, f"{API}/events") as events:
        system.json("POST", f"{API}/connection", {"mode": "remote"})
        answer = system.json("DELETE", f"{API}/connection")
        answered_us = time.time_ns() // 1000
        told = events.wait("disconnected", CINEMA)
    assert answer["message"] == "Camera disconnected successfully"
    assert told["timeUs"] <= answered_us
    assert (told["id"], told["error"], told["errorCode"]) == (CINEMA, "0x00000000", "0x0")
    assert links(events, 1) == ["connected", "disconnected"]


def test_connecting_twice_tells_nothing_again(system: System) -> None:
    with connected(system, "off") as events:
        again = system.json("POST", f"{API}/connection", {"mode": "contents"})
        assert again["message"] == "Camera already connected"
        assert system.json("GET", f"{API}/connection")["data"]["mode"] == "remote"
        assert links(events, 1) == ["connected"]


def test_a_pulled_cable_with_reconnecting_is_no_disconnection(system: System) -> None:
    with connected(system, "on") as events:
        begin = len(events.events)
        with unplugged(system):
            events.wait("reconnecting", CINEMA, after=begin)
        events.wait("reconnected", CINEMA, limit_s=20, after=begin)
        assert links(events, begin) == ["reconnecting", "connected", "reconnected"]
        wait_for(lambda: system.json("GET", f"{API}/connection")["camera"]["connected"])


def test_a_pulled_cable_without_reconnecting_is_one(system: System) -> None:
    with connected(system, "off") as events:
        begin = len(events.events)
        with unplugged(system):
            told = events.wait("disconnected", CINEMA, after=begin)
            assert told["errorCode"] != "0x0"
            assert system.json("GET", f"{API}/connection")["camera"]["connected"] is False
        assert links(events, begin)[0] == "disconnected"
