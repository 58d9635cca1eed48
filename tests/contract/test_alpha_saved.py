"""Saved files over HTTP: a real gateway, real files, a worker that fails as the test wants it."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from kit.bus import bus_settings, short_folder
from kit.fake_broker import fake_broker
from kit.gateway import RunningGateway, Wire, running_gateway
from kit.processes import wait_for
from kit.saved_files import CAMERA, FilesCommander
from lensbus_gateway.alpha.routes import routes
from lensbus_gateway.pieces import PIECE_BYTES, Downloads
from lensbus_proto.errors import (
    CameraError,
    CameraUnknown,
    CommandError,
    CommandUnknown,
    DeadlinePassed,
    WorkerAbsent,
    WorkerSilent,
)

SAVED = f"/api/cameras/{CAMERA}/saved"
CONTENT = bytes(range(251)) * 40_000  # ten pieces, and no two begin alike
AT_MOST = 6  # of ten: what is ahead of a client before it shows that it is slow
SMALL = b"0123456789"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningGateway]:
    with short_folder() as state:
        settings = bus_settings(state)
        with fake_broker(settings), running_gateway(settings, routes) as gateway:
            yield gateway


@pytest.fixture
def files(running: RunningGateway, tmp_path: Path) -> Iterator[FilesCommander]:
    before = running.app.state.commander
    fake = FilesCommander(tmp_path)
    running.app.state.commander = fake
    yield fake
    running.app.state.commander = before


@pytest.fixture
def downloads(running: RunningGateway) -> Iterator[Downloads]:
    made = running.app.state.downloads
    assert isinstance(made, Downloads)
    wait_for(lambda: len(made) == 0, limit_s=30)
    yield made
    wait_for(lambda: len(made) == 0, limit_s=30)


@pytest.fixture
def client(running: RunningGateway, files: FilesCommander) -> Iterator[httpx.Client]:
    host, port = running.address
    with httpx.Client(base_url=f"http://{host}:{port}", timeout=60) as made:
        yield made


def test_the_newest_files_are_listed_with_where_to_get_them(
    client: httpx.Client, files: FilesCommander
) -> None:
    files.save("A.JPG", b"old")
    path = files.save("Ä #1.ARW", SMALL)
    body = client.get(SAVED).json()
    assert (body["success"], body["total"], body["next"]) == (True, 2, None)
    first = body["files"][0]
    assert first == {
        "name": "Ä #1.ARW",
        "path": str(path),
        "url": SAVED + quote(str(path)),
        "size": 10,
        "timeUs": path.stat().st_mtime_ns // 1000,
        "sha256": hashlib.sha256(SMALL).hexdigest(),
    }
    assert client.get(first["url"]).content == SMALL


def test_a_list_comes_in_pages(client: httpx.Client, files: FilesCommander) -> None:
    for number in range(5):
        files.save(f"{number}.JPG", b"x")
    body = client.get(SAVED, params={"offset": 1, "limit": 2}).json()
    assert [file["name"] for file in body["files"]] == ["3.JPG", "2.JPG"]
    assert (body["total"], body["next"]) == (5, 3)


def test_the_hash_of_a_file_that_was_written_to_is_not_known(
    client: httpx.Client, files: FilesCommander
) -> None:
    files.save("A.JPG", SMALL).write_bytes(b"other")
    assert client.get(SAVED).json()["files"][0]["sha256"] is None
    assert "repr-digest" not in client.get(f"{SAVED}/A.JPG").headers


@pytest.mark.parametrize(
    "query", ["offset=-1", "offset=x", "limit=1001", "limit=", "limit=1e2", "offset=99999999999"]
)
def test_a_wrong_page_is_refused(client: httpx.Client, files: FilesCommander, query: str) -> None:
    answer = client.get(f"{SAVED}?{query}")
    assert (answer.status_code, answer.json()["success"], files.asked) == (400, False, [])


def test_a_whole_file_comes_with_all_that_describes_it(
    client: httpx.Client, files: FilesCommander
) -> None:
    path = files.save("DSC00001.ARW", CONTENT)
    answer = client.get(f"{SAVED}/DSC00001.ARW")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    headers = answer.headers
    assert headers["content-length"] == str(len(CONTENT))
    assert headers["content-type"] == "image/x-sony-arw"
    assert headers["content-disposition"] == 'attachment; filename="DSC00001.ARW"'
    assert headers["accept-ranges"] == "bytes"
    assert headers["cache-control"] == "private, no-cache"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    digest = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    assert headers["repr-digest"] == f"sha-256=:{digest}:"
    assert client.get(SAVED + str(path)).headers["etag"] == headers["etag"]


@pytest.mark.parametrize(
    ("name", "query", "type_", "way"),
    [
        ("A.JPG", "", "image/jpeg", 'inline; filename="A.JPG"'),
        ("A.JPG", "?save=1", "image/jpeg", 'attachment; filename="A.JPG"'),
        ("A.html", "", "application/octet-stream", 'attachment; filename="A.html"'),
        ("A.svg", "", "application/octet-stream", 'attachment; filename="A.svg"'),
        ("A", "", "application/octet-stream", 'attachment; filename="A"'),
        ("A.MP4", "", "video/mp4", 'attachment; filename="A.MP4"'),
        ('a"b.JPG', "", "image/jpeg", "inline; filename*=UTF-8''a%22b.JPG"),
        ("ä; x=y.JPG", "", "image/jpeg", "inline; filename*=UTF-8''%C3%A4%3B%20x%3Dy.JPG"),
    ],
)
def test_only_pictures_are_shown_and_no_name_breaks_a_header(
    client: httpx.Client, files: FilesCommander, name: str, query: str, type_: str, way: str
) -> None:
    files.save(name, SMALL)
    answer = client.get(f"{SAVED}/{quote(name)}{query}")
    assert answer.content == SMALL
    assert answer.headers["content-type"] == type_
    assert answer.headers["content-disposition"] == way


def test_head_says_the_same_without_a_byte(client: httpx.Client, files: FilesCommander) -> None:
    files.save("A.ARW", CONTENT)
    whole, head = client.get(f"{SAVED}/A.ARW"), client.head(f"{SAVED}/A.ARW")
    files.asked.clear()
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**whole.headers, "date": ""}
    client.head(f"{SAVED}/A.ARW")
    assert files.pieces() == []


def test_an_empty_file_is_a_file(client: httpx.Client, files: FilesCommander) -> None:
    files.save("A.ARW", b"")
    answer = client.get(f"{SAVED}/A.ARW")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "0"


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        (f"bytes={PIECE_BYTES - 1}-{PIECE_BYTES}", PIECE_BYTES - 1, PIECE_BYTES + 1),
        (f"bytes={3 * PIECE_BYTES + 5}-", 3 * PIECE_BYTES + 5, None),
    ],
)
def test_a_part_is_given_alone(
    client: httpx.Client, files: FilesCommander, asked: str, first: int, end: int | None
) -> None:
    files.save("A.ARW", CONTENT)
    answer = client.get(f"{SAVED}/A.ARW", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, CONTENT[first:end])
    begin = range(len(CONTENT))[first]
    last = begin + len(answer.content) - 1
    assert answer.headers["content-range"] == f"bytes {begin}-{last}/{len(CONTENT)}"
    assert answer.headers["content-length"] == str(len(answer.content))


def test_a_part_beyond_the_end_is_refused_with_the_size(
    client: httpx.Client, files: FilesCommander
) -> None:
    files.save("A.ARW", SMALL)
    answer = client.get(f"{SAVED}/A.ARW", headers={"Range": "bytes=10-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")
    assert answer.json()["success"] is False


def test_who_has_the_content_is_not_sent_it_again(
    client: httpx.Client, files: FilesCommander
) -> None:
    path = files.save("A.ARW", SMALL)
    tag = client.get(f"{SAVED}/A.ARW").headers["etag"]
    again = client.get(f"{SAVED}/A.ARW", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    path.write_bytes(b"9876543210")
    assert client.get(f"{SAVED}/A.ARW", headers={"If-None-Match": tag}).status_code == 200
    part = {"Range": "bytes=5-", "If-Range": tag}
    changed = client.get(f"{SAVED}/A.ARW", headers=part)
    assert (changed.status_code, changed.content) == (200, b"9876543210")
    part["If-Range"] = changed.headers["etag"]
    assert client.get(f"{SAVED}/A.ARW", headers=part).content == b"43210"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../A.ARW",
        "x/../A.ARW",
        "%2e%2e/A.ARW",
        "..%2fA.ARW",
        "%2e%2e%2fA.ARW",
        "%252e%252e%252fA.ARW",
        "/A.ARW",
        "//A.ARW",
        "A.ARW/",
        "A.ARW%00",
        "A.ARW%00.JPG",
        "%ff%fe",
        "etc/passwd",
        "/etc/passwd",
        "dev/zero",
        "proc/self/environ",
        ".incoming/half.ARW",
        "link.ARW",
        "nothing.ARW",
        "x" * 5000,
    ],
)
def test_a08_no_spelling_leads_out(
    running: RunningGateway, files: FilesCommander, name: str
) -> None:
    files.save("A.ARW", SMALL)
    (files.folder / ".incoming").mkdir()
    (files.folder / ".incoming" / "half.ARW").write_bytes(b"half")
    (files.folder.parent / "A.ARW").write_bytes(b"beside")
    (files.folder / "link.ARW").symlink_to(files.folder.parent / "A.ARW")
    # As it is spelled: other clients would tidy the path up first.
    with Wire(running.address) as wire:
        wire.request(f"{SAVED}/{name}")
        status, headers, body = wire.answer()
    assert (status, headers["content-type"]) == (404, "application/json")
    assert b'"success":false' in body


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CameraUnknown("never heard of"), 404),
        (CommandUnknown("another vendor's"), 404),
        (WorkerAbsent("no worker"), 503),
        (WorkerSilent("silent"), 503),
        (DeadlinePassed("late"), 503),
        (CameraError("the disk is broken"), 400),
    ],
)
@pytest.mark.parametrize("path", [SAVED, f"{SAVED}/A.ARW"])
def test_a_worker_that_cannot_answer_is_told_in_the_shape_of_the_surface(
    client: httpx.Client, files: FilesCommander, path: str, error: CommandError, status: int
) -> None:
    files.error = error
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert answer.json()["message"]


@pytest.mark.parametrize("path", ["/saved", "/saved/A.ARW"])
def test_a_camera_that_nobody_knows_is_404(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/api/cameras/NOBODY{path}")
    assert (answer.status_code, answer.json()["success"]) == (404, False)
    assert client.get(f"/api/cameras/{{cameraId}}{path}").status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_saved_files_are_only_read(client: httpx.Client, method: str) -> None:
    for path in (SAVED, f"{SAVED}/A.ARW"):
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def read_all(wire: Wire, length: int) -> bytes:
    while len(wire.unread) < length:
        data = wire.socket.recv(1 << 20)
        assert data, "closed before its end"
        wire.unread += data
    return wire.unread


def cut_off(address: tuple[str, int], headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Return the announced length and what came of it until the line was cut."""
    with Wire(address) as wire:
        wire.request(f"{SAVED}/A.ARW", headers=headers)
        head = wire.head().decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return length, wire.rest()


def test_a_worker_that_dies_in_the_middle_cuts_the_line_and_the_rest_can_be_had(
    running: RunningGateway,
    client: httpx.Client,
    files: FilesCommander,
    downloads: Downloads,
    caplog: pytest.LogCaptureFixture,
) -> None:
    files.save("A.ARW", CONTENT)
    tag = client.head(f"{SAVED}/A.ARW").headers["etag"]
    files.error, files.fails_from = WorkerSilent("killed"), 4 * PIECE_BYTES
    length, got = cut_off(running.address)
    assert length == len(CONTENT)
    assert got == CONTENT[: 4 * PIECE_BYTES]
    assert [one.message for one in caplog.records] == ["download cut"]
    files.error = None
    rest = {"Range": f"bytes={len(got)}-", "If-Range": tag}
    answer = client.get(f"{SAVED}/A.ARW", headers=rest)
    assert answer.status_code == 206
    assert got + answer.content == CONTENT


def test_a_file_that_changes_in_the_middle_is_cut_and_never_mixed(
    running: RunningGateway, client: httpx.Client, files: FilesCommander, downloads: Downloads
) -> None:
    path = files.save("A.ARW", CONTENT)
    tag = client.head(f"{SAVED}/A.ARW").headers["etag"]
    files.changes_at = 3 * PIECE_BYTES
    length, got = cut_off(running.address)
    assert length == len(CONTENT)
    assert len(got) < length
    assert CONTENT.startswith(got)
    rest = {"Range": f"bytes={len(got)}-", "If-Range": tag}
    anew = client.get(f"{SAVED}/A.ARW", headers=rest)
    assert (anew.status_code, anew.content) == (200, path.read_bytes())


def test_a_client_that_does_not_read_holds_two_pieces(
    running: RunningGateway, client: httpx.Client, files: FilesCommander, downloads: Downloads
) -> None:
    files.save("A.ARW", CONTENT)
    with Wire(running.address, receive_buffer=8192) as wire:
        wire.request(f"{SAVED}/A.ARW")
        wire.head()
        wait_for(lambda: len(downloads) == 1, limit_s=30)
        told = [row for row in client.get("/metrics").text.splitlines() if "downloads_open{" in row]
        assert [row.split()[-1] for row in told] == ["1"]
        # Others are served all the while, and it is asked for no more than at its beginning.
        for _ in range(20):
            assert client.get(f"{SAVED}/A.ARW", headers={"Range": "bytes=0-99"}).status_code == 206
        own = [offset for offset in files.pieces() if offset > 0]
        assert len(own) < AT_MOST
        assert read_all(wire, len(CONTENT)) == CONTENT


def test_a_client_that_leaves_is_given_up(
    running: RunningGateway, files: FilesCommander, downloads: Downloads
) -> None:
    files.save("A.ARW", CONTENT)
    with Wire(running.address, receive_buffer=8192) as wire:
        wire.request(f"{SAVED}/A.ARW")
        wire.head()
        wait_for(lambda: len(downloads) == 1, limit_s=30)
        wire.reset()
        wait_for(lambda: len(downloads) == 0, limit_s=30)
    assert len(files.pieces()) < AT_MOST


def test_a_client_that_takes_nothing_gives_its_place_to_others(
    running: RunningGateway,
    files: FilesCommander,
    downloads: Downloads,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files.save("A.ARW", CONTENT)
    monkeypatch.setattr(downloads, "stalled_s", 0.2)
    with Wire(running.address, receive_buffer=8192) as wire:
        wire.request(f"{SAVED}/A.ARW")
        wait_for(lambda: files.pieces(), limit_s=30)
        wait_for(lambda: len(downloads) == 0, limit_s=30)


def test_past_the_limit_downloads_are_asked_to_come_back(
    running: RunningGateway,
    client: httpx.Client,
    files: FilesCommander,
    downloads: Downloads,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files.save("A.ARW", CONTENT)
    monkeypatch.setattr(downloads, "_limit", 1)
    with Wire(running.address, receive_buffer=8192) as wire:
        wire.request(f"{SAVED}/A.ARW")
        wire.head()
        wait_for(lambda: len(downloads) == 1, limit_s=30)
        answer = client.get(f"{SAVED}/A.ARW")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["success"] is False
        assert client.get(SAVED).status_code == 200
        wire.reset()
    wait_for(lambda: len(downloads) == 0, limit_s=30)
    assert client.get(f"{SAVED}/A.ARW").content == CONTENT


def test_several_requests_go_over_one_line(running: RunningGateway, files: FilesCommander) -> None:
    files.save("A.ARW", CONTENT)
    with Wire(running.address) as wire:
        for _ in range(3):
            wire.request(f"{SAVED}/A.ARW")
            assert wire.answer()[2] == CONTENT


def test_a_gateway_that_ends_cuts_its_downloads_in_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with short_folder() as state:
        settings = bus_settings(state)
        with fake_broker(settings), running_gateway(settings, routes) as gateway:
            files = FilesCommander(tmp_path)
            gateway.app.state.commander = files
            files.save("A.ARW", CONTENT)
            with Wire(gateway.address, receive_buffer=8192) as wire:
                wire.request(f"{SAVED}/A.ARW")
                wire.head()
                wait_for(lambda: len(gateway.app.state.downloads) == 1, limit_s=30)
                gateway.stop()
    assert not [one for one in caplog.records if one.exc_info]
