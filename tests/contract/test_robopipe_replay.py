"""Films over the Robopipe surface: every way in, every refusal, with exact bodies."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from kit.fake_commander import Surface
from kit.fake_oak import FILM, FakeOak
from lensbus_gateway.robopipe.downloads import is_allowed
from lensbus_gateway.robopipe.routes import routes
from lensbus_gateway.robopipe.uploads import PIECE
from lensbus_proto.errors import BadArguments, CameraGone, Unsupported

CAMERA = "/cameras/14442C10D13EABCE00"
REPLAY = f"{CAMERA}/streams/CAM_B/replay"
WHOLE = FILM + bytes(range(256)) * 5000  # three pieces
NOTHING = {"replay": False, "filename": None}
SHOWN = {"replay": True, "filename": "belt.mp4"}


@pytest.fixture
def oak() -> FakeOak:
    return FakeOak()


@pytest.fixture
def surface(oak: FakeOak) -> Surface:
    return Surface(routes, oak)


def form(content: bytes = WHOLE, field: str = "video") -> dict[str, Any]:
    return {"files": {field: ("belt.mp4", content, "video/mp4")}}


def faults(answer: Any) -> list[tuple[str, list[Any]]]:
    assert answer.status_code == 422, answer.text
    return [(entry["type"], entry["loc"]) for entry in answer.json()["detail"]]


WAYS = {
    "form": ("", form()),
    "body": ("?filename=belt.mp4", {"content": WHOLE}),
    "typed body": (
        "?filename=belt.mp4",
        {"content": WHOLE, "headers": {"Content-Type": "video/mp4"}},
    ),
}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("way", WAYS)
def test_a_film_is_taken_shown_and_given_up(
    surface: Surface, oak: FakeOak, way: str, slash: str
) -> None:
    query, request = WAYS[way]
    assert surface.get(REPLAY + slash).json() == NOTHING
    answer = surface.post(REPLAY + slash + query, **request)
    assert (answer.status_code, answer.json()) == (201, None)
    assert surface.get(REPLAY + slash).json() == SHOWN
    listed = {each["name"]: each["replay"] for each in surface.get(f"{CAMERA}/streams/").json()}
    assert listed == {"CAM_A": False, "CAM_B": True, "CAM_C": False, "DEPTH_B_C": False}
    answer = surface.delete(REPLAY + slash)
    assert (answer.status_code, answer.json()) == (202, None)
    assert surface.get(REPLAY + slash).json() == NOTHING
    assert oak.uploads == {}


def test_a_film_travels_in_pieces_that_the_bus_takes(surface: Surface) -> None:
    surface.post(REPLAY, content=WHOLE)
    sizes = [len(each["data"]) for each in surface.commander.asked("upload")]
    assert sizes == [PIECE, PIECE, len(WHOLE) - 2 * PIECE]
    [shown] = surface.commander.asked("replay.set")
    assert (shown["size"], shown["filename"]) == (len(WHOLE), "")


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        ({"content": b""}, ("missing", ["body"])),
        (form(field="film"), ("missing", ["body", "video"])),
        ({"data": {"video": "text"}, "files": {"x": b"y"}}, ("missing", ["body", "video"])),
        ({"json": {}}, ("missing", ["body", "url"])),
        ({"json": {"url": ""}}, ("string_too_short", ["body", "url"])),
        ({"json": {"url": 1}}, ("string_type", ["body", "url"])),
        ({"json": []}, ("model_attributes_type", ["body"])),
        ({"json": {"url": "http://localhost/belt.mp4"}}, ("value_error", ["body", "url"])),
        ({"content": b"no film"}, ("value_error", ["body", "video"])),
        (form(b"no film"), ("value_error", ["body", "video"])),
    ],
)
def test_what_is_no_film_is_named(
    surface: Surface, oak: FakeOak, request_: dict[str, Any], fault: tuple[str, list[str]]
) -> None:
    assert faults(surface.post(REPLAY, **request_)) == [fault]
    assert (oak.films, oak.uploads) == ({}, {})


@pytest.mark.parametrize(
    ("kind", "content", "fault"),
    [
        ("multipart/form-data", b"--x\r\n", ("multipart_invalid", ["body"])),
        ("multipart/form-data; boundary=x", b"no boundary", ("multipart_invalid", ["body"])),
        ("multipart/form-data; boundary=x", b"--x\r\ntorn", ("missing", ["body", "video"])),
    ],
)
def test_a_form_that_is_torn_is_refused(
    surface: Surface, kind: str, content: bytes, fault: tuple[str, list[str]]
) -> None:
    answer = surface.post(REPLAY, content=content, headers={"Content-Type": kind})
    assert faults(answer) == [fault]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_stream_that_is_not_there_is_said_before_anything_is_sent(
    surface: Surface, method: str
) -> None:
    for path, status in (("CAM_D", 404), ("XCAM_AX", 404), ("cam_a", 422)):
        answer = surface.call(method, f"{CAMERA}/streams/{path}/replay")
        assert answer.status_code == status
    assert surface.call(method, "/cameras/NOBODY/streams/CAM_A/replay").status_code == 404
    assert surface.commander.asked("upload") == []


def test_a_film_that_the_camera_does_not_show_is_a_refusal_and_leaves_nothing(
    surface: Surface, oak: FakeOak
) -> None:
    surface.commander.fail_with("replay.set", Unsupported("a real sensor shows what it sees"))
    answer = surface.post(REPLAY, content=WHOLE)
    assert answer.status_code == 422
    assert answer.json() == {"detail": "a real sensor shows what it sees"}
    assert oak.uploads == {}


@pytest.mark.parametrize(
    ("error", "status"), [(CameraGone("lost"), 409), (BadArguments("too large"), 422)]
)
def test_a_film_that_does_not_get_through_is_dropped(
    surface: Surface, error: Any, status: int
) -> None:
    surface.commander.fail_with("upload", error)
    assert surface.post(REPLAY, content=WHOLE).status_code == status
    assert len(surface.commander.asked("upload.drop")) == 1
    assert surface.commander.asked("replay.set") == []


# Fetched from elsewhere


class Shelf(http.server.BaseHTTPRequestHandler):
    """Has a good film, and everything that can go wrong with one."""

    def do_GET(self) -> None:
        match self.path:
            case "/films/belt.mp4?a=1":
                self.answer(200, WHOLE)
            case "/films/moved.mp4":
                self.answer(302, b"", ("Location", "/private/belt.mp4"))
            case "/films/short.mp4":
                self.answer(200, WHOLE, ("Content-Length", str(len(WHOLE) + 1)))
            case "/films/large.mp4":
                self.answer(200, FILM * 1000)
            case "/films/mute.mp4":
                self.close_connection = True
            case _:
                self.answer(404, b"")

    def answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for header in headers or (("Content-Length", str(len(body))),):
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shelf() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)
    server.server_close()


def allow(surface: Surface, source: str, limit_bytes: int = 10_000_000) -> None:
    settings = surface.app.state.settings
    oak = replace(settings.oak, replay_sources=(source,), upload_limit_bytes=limit_bytes)
    surface.app.state.settings = replace(settings, oak=oak)


@pytest.mark.parametrize(
    ("more", "name"), [({}, "belt.mp4"), ({"filename": "other.mp4", "extra": 1}, "other.mp4")]
)
def test_a_film_is_fetched_from_where_the_settings_allow_it(
    surface: Surface, oak: FakeOak, shelf: str, more: dict[str, Any], name: str
) -> None:
    allow(surface, f"{shelf}/films/")
    answer = surface.post(REPLAY, json={"url": f"{shelf}/films/belt.mp4?a=1"} | more)
    assert (answer.status_code, answer.json()) == (201, None)
    assert surface.get(REPLAY).json() == {"replay": True, "filename": name}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere.mp4", "it answers 404"),
        ("moved.mp4", "it answers 302"),
        ("short.mp4", f"it ended after {len(WHOLE)} of {len(WHOLE) + 1} bytes"),
        ("large.mp4", "it has more than 1000 bytes"),
        ("mute.mp4", "Remote end closed connection without response"),
    ],
)
def test_a_download_that_fails_is_a_bad_gateway_and_leaves_nothing(
    surface: Surface, oak: FakeOak, shelf: str, name: str, reason: str
) -> None:
    allow(surface, f"{shelf}/films", 1000 if name == "large.mp4" else 10_000_000)
    answer = surface.post(REPLAY, json={"url": f"{shelf}/films/{name}"})
    assert answer.status_code == 502
    assert answer.json() == {"detail": f"Failed to download replay video from URL: {reason}"}
    assert (oak.films, oak.uploads) == ({}, {})


def test_nobody_at_the_source_is_a_bad_gateway(surface: Surface, shelf: str) -> None:
    allow(surface, "http://127.0.0.1:1")
    answer = surface.post(REPLAY, json={"url": "http://127.0.0.1:1/belt.mp4"})
    assert answer.status_code == 502


@pytest.mark.parametrize(
    ("url", "source", "allowed"),
    [
        ("https://films.example.org/belts/a.mp4", "https://films.example.org/belts/", True),
        ("https://films.example.org/belts/a.mp4", "https://films.example.org/belts", True),
        ("https://films.example.org/belts/a.mp4", "https://films.example.org", True),
        ("https://FILMS.example.org:443/belts/a.mp4", "https://films.example.org", True),
        ("https://films.example.org/beltsx/a.mp4", "https://films.example.org/belts", False),
        ("http://films.example.org/belts/a.mp4", "https://films.example.org/belts", False),
        ("https://films.example.org:8443/a.mp4", "https://films.example.org", False),
        ("https://films.example.org.evil.org/a.mp4", "https://films.example.org", False),
        ("https://films.example.org@evil.org/a.mp4", "https://films.example.org", False),
        ("https://evil.org@films.example.org/a.mp4", "https://films.example.org", False),
        ("https://films.example.org/belts/../a.mp4", "https://films.example.org/belts", False),
        ("https://films.example.org/belts/%2e%2e/a", "https://films.example.org/belts", False),
        ("https://films.example.org\\@evil.org/", "https://films.example.org", False),
        ("file:///etc/passwd", "file:///etc", False),
        ("https://[::1/a.mp4", "https://films.example.org", False),
        ("https://films.example.org:x/a.mp4", "https://films.example.org", False),
        ("no address", "no address", False),
    ],
)
def test_an_address_is_allowed_below_a_source_only(url: str, source: str, allowed: bool) -> None:
    assert is_allowed(url, [source]) is allowed
    assert not is_allowed(url, [])
