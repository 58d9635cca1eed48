"""One suite for every body that the simulator plays: what holds for all, whatever they can do.

What a body can do is asked, here as in the driver: it either does a thing, with everything that
belongs to it, or it refuses with a reason.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kit.sony import LIMIT_S, PROFILES, Seeing, broken, open_sony
from lensbus_proto.codec import EVENT_LIMIT, pack_map, pack_reply
from lensbus_proto.errors import BadValue, CameraError, NotWritable
from lensbus_proto.messages import Reply
from lensbus_proto.topics import join_topic
from lensbus_services.sony.liveview import jpeg_size

MODES = ("remote", "remote-transfer", "contents")
# They start something by themselves, or take the others' settings away.
LEFT_ALONE = {0x0001, 0x011A, 0x0500}


@pytest.fixture(params=PROFILES)
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def body(model: str, tmp_path: Path) -> Iterator[Seeing]:
    with open_sony(tmp_path, PROFILES[model]) as seeing:
        yield seeing


@pytest.fixture
def remote(body: Seeing) -> Seeing:
    body.execute("connect", mode="remote")
    return body


def attempt(
    body: Seeing, name: str, **arguments: Any
) -> tuple[Mapping[str, Any], CameraError | None]:
    """Return the answer to a command, or the camera's refusal, which gives its reason."""
    try:
        return body.execute(name, **arguments), None
    except CameraError as error:
        refused = error
    assert refused.message
    return {}, refused


@contextmanager
def in_every_mode(body: Seeing) -> Iterator[Iterator[str]]:
    """Hand out the modes that a body lets itself be connected in, connected."""

    def modes() -> Iterator[str]:
        for mode in MODES:
            _, refused = attempt(body, "connect", mode=mode)
            if refused is not None:
                assert refused.vendor_code in (0x8211, 0x8219)
                continue
            yield mode
            body.execute("disconnect")

    yield modes()


def until(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def properties(seeing: Seeing) -> list[dict[str, Any]]:
    return [dict(one) for one in seeing.execute("properties.get")["properties"]]


def test_it_says_what_it_is(body: Seeing, model: str) -> None:
    assert body.description.model == model
    assert body.description.details["connection_type"] == "USB"


def test_it_connects_in_at_least_one_mode_and_disconnects(body: Seeing) -> None:
    with in_every_mode(body) as modes:
        connected = list(modes)
    assert "remote" in connected
    lifeline = [kind for kind in body.kinds() if "connect" in kind]
    assert lifeline == ["connected", "disconnected"] * len(connected)


def test_its_properties_are_whole_and_can_travel(remote: Seeing) -> None:
    answer = remote.execute("properties.get")
    pack_reply(Reply("1", answer))
    codes = [one["code"] for one in answer["properties"]]
    assert len(codes) == len(set(codes)) == answer["total"] > 0
    for one in answer["properties"]:
        assert (one["text"] is None) == (one["type"] != 0xFFFF)
        assert not (one["values"] and one["range"])
        assert one["range"] is None or len(one["range"]) == 3


def test_what_is_writable_takes_what_it_offers_and_nothing_else(remote: Seeing) -> None:
    writable = [one for one in properties(remote) if one["enable"] == 1]
    assert writable
    for one in writable:
        offered = one["values"]
        if one["code"] in LEFT_ALONE or one["value"] not in offered:
            continue
        answer = remote.execute("property.set", code=one["code"], value=one["value"])
        assert answer == {"code": one["code"], "value": one["value"]}
        width = {1: 7, 2: 15, 3: 31, 4: 62}.get(one["type"] & 0xF, 7)
        absent = next(value for value in range(2**width - 1, 0, -1) if value not in offered)
        with pytest.raises(BadValue):
            remote.execute("property.set", code=one["code"], value=absent)


def test_what_is_not_writable_is_refused_with_its_flag(remote: Seeing) -> None:
    closed = [one for one in properties(remote) if one["enable"] not in (1, 3)]
    for one in closed:
        with pytest.raises(NotWritable) as refused:
            remote.execute("property.set", code=one["code"], value=1)
        assert refused.value.detail["enable"] == one["enable"]


def test_live_view_streams_or_says_that_it_does_not(body: Seeing) -> None:
    streamed = []
    body.driver.watch(frozenset({"liveview"}))
    with in_every_mode(body) as modes:
        for mode in modes:
            _, refused = attempt(body, "live_view.start")
            if refused is not None:
                assert body.driver.pictures(0.05) == []
                continue
            streamed.append(mode)
            for frame in body.frames(2):
                assert frame.stream == "liveview"
                size = jpeg_size(frame.image)
                assert size == (frame.info["width"], frame.info["height"])
    assert streamed


def test_the_display_is_shown_where_it_is_supported(remote: Seeing) -> None:
    supported = remote.execute("osd.status")["supported"]
    if not supported:
        with pytest.raises(CameraError, match="OSD mode not supported"):
            remote.execute("osd.set", enabled=True)
        return
    remote.execute("osd.set", enabled=True)
    until(lambda: bool(remote.execute("osd.status")["enabled"]))
    remote.execute("live_view.start")
    remote.driver.watch(frozenset({"osd", "liveview"}))
    give_up = time.monotonic() + LIMIT_S
    seen: set[str] = set()
    while seen != {"osd", "liveview"}:
        assert time.monotonic() < give_up, f"only saw {seen}"
        seen |= {frame.stream for frame in remote.frames(1)}


def test_a_card_is_listed_in_some_mode_or_the_reason_is_told(body: Seeing) -> None:
    with in_every_mode(body) as modes:
        for mode in modes:
            answer, refused = attempt(body, "card.list", slot=1)
            if refused is not None:
                continue
            assert answer["total"] >= len(answer["files"])
            for file in answer["files"]:
                assert (file["file_id"] == 0) == (mode == "contents")


def test_a_body_may_tell_its_card_in_the_mode_remote(tmp_path: Path) -> None:
    with open_sony(tmp_path, PROFILES["SIM-INVERTED"]) as seeing:
        seeing.execute("connect", mode="remote")
        slots = [attempt(seeing, "card.list", slot=slot)[0].get("total", 0) for slot in (1, 2)]
        assert sum(slots) > 0


def test_every_accepted_trigger_comes_to_an_end(remote: Seeing) -> None:
    accepted = []
    for _ in range(2):
        accepted.append(remote.execute("shutter")["capture"])

    def ends(seen: list[Any]) -> list[int]:
        return [
            one.data["capture"]
            for one in seen
            if one.kind == "capture.not_exposed" or one.data.get("code") == "0x20011"
        ]

    remote.until(lambda seen: len(ends(seen)) == 2)
    assert ends(remote.observed) == accepted


def test_every_command_answers_or_refuses_in_our_words(body: Seeing) -> None:
    arguments = {"x": 1, "y": 1, "speed": 0, "step": 1, "button": "menu", "slot": 1}
    with in_every_mode(body) as modes:
        for _ in modes:
            for name in (
                *("half_press", "zoom", "focus_step", "movie_rec", "button", "touch"),
                *("touch_cancel", "af_area.get", "af_area.set", "tracking.get", "osd.status"),
                *("settings.files", "settings.download", "save_info.get", "fingerprint"),
            ):
                answer, _ = attempt(body, name, **arguments)
                pack_reply(Reply("1", answer))


def test_everything_that_it_tells_can_be_an_event(
    remote: Seeing, model: str, tmp_path: Path
) -> None:
    with broken(tmp_path, "over-temperature", PROFILES[model]):
        remote.execute("shutter")
        remote.execute("property.set", code=0x104, value=remote.value(0x104)["value"])
        until(lambda: len(remote.kinds()) > 3)
    for one in remote.observed:
        join_topic(PROFILES[model], one.kind)
        assert len(pack_map(one.data, EVENT_LIMIT)) < EVENT_LIMIT
