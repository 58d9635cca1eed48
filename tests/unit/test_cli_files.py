"""Copying a saved file over lines that break: a server of ours stands in for the system."""

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.files import copy
from lensbus_deploy.remote.system import System

CONTENT = bytes(range(256)) * 20_000
OTHER = CONTENT[::-1]


class Breaking(http.server.ThreadingHTTPServer):
    """Gives a file in answers that break off after `gives` bytes each."""

    content = CONTENT
    gives = 1_000_000
    changes_after = 10_000  # answers
    refuses_after = 10_000
    refuses_with = 503

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Giving)
        self.asked: list[tuple[str, str | None]] = []


class Giving(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Breaking)
        server.asked.append((self.path, self.headers["Range"]))
        count = len(server.asked)
        if count > server.changes_after:
            server.content = OTHER
        if count > server.refuses_after:
            self.send_response(server.refuses_with)
            self.end_headers()
            return
        tag = f'"{server.content[:1].hex()}"'
        is_part = self.headers["If-Range"] == tag
        asked = re.fullmatch("bytes=([0-9]+)-", self.headers["Range"] or "")
        first = int(asked[1]) if asked and is_part else 0
        body = server.content[first:]
        self.send_response(206 if first else 200)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.gives])
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Breaking]:
    made = Breaking()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def told(content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"file": "/rack/pictures/Ä 1.ARW", "size": len(content), "sha256": digest}


def fetch(server: Breaking, folder: Path, content: bytes = CONTENT, **options: Any) -> Path:
    system = System(f"http://127.0.0.1:{server.server_address[1]}")
    return copy(system, "CAM1", told(content), folder, **options)


def test_a_line_that_breaks_is_taken_up_where_it_broke(server: Breaking, tmp_path: Path) -> None:
    seen: list[int] = []
    path = fetch(server, tmp_path, progress=seen.append)
    assert path == tmp_path / "Ä 1.ARW"
    assert path.read_bytes() == CONTENT
    assert [part for _, part in server.asked] == [
        None,
        *(f"bytes={number * 1_000_000}-" for number in range(1, 6)),
    ]
    assert {where for where, _ in server.asked} == {
        "/api/cameras/CAM1/saved/rack/pictures/%C3%84%201.ARW?save=1"
    }
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_changes_in_between_is_never_mixed(server: Breaking, tmp_path: Path) -> None:
    server.changes_after = 2
    assert fetch(server, tmp_path, OTHER).read_bytes() == OTHER
    server.asked.clear()
    server.content = CONTENT
    with pytest.raises(Failure, match="is not what the camera sent"):
        fetch(server, tmp_path / "again", CONTENT)
    assert list((tmp_path / "again").iterdir()) == []


def test_a_line_that_gives_nothing_more_is_given_up(server: Breaking, tmp_path: Path) -> None:
    server.refuses_after, server.refuses_with = 2, 404
    words = "broke off on its way here, after 2000000 bytes: the answer was 404"
    with pytest.raises(Failure, match=words) as failed:
        fetch(server, tmp_path, patience_s=0.0)
    assert failed.value.code == Code.FAILED
    assert list(tmp_path.iterdir()) == []


def test_who_may_not_have_the_rest_is_told_at_once(server: Breaking, tmp_path: Path) -> None:
    server.refuses_after, server.refuses_with = 2, 403
    with pytest.raises(Failure) as failed:
        fetch(server, tmp_path)
    assert failed.value.code == Code.FORBIDDEN
    assert len(server.asked) == 3


def test_a_refusal_at_the_beginning_is_told_at_once(server: Breaking, tmp_path: Path) -> None:
    server.refuses_after = 0
    with pytest.raises(Failure):
        fetch(server, tmp_path)
    assert len(server.asked) == 1


def test_a_folder_that_cannot_be_written_is_told(server: Breaking, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Failure, match="cannot be copied to"):
        fetch(server, tmp_path / "file")
