import pytest

from lensbus_gateway.door import HEAD_BYTES, asked
from lensbus_gateway.wish import EVERYTHING, Selection, Wish


def head(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


@pytest.mark.parametrize(
    ("lines", "wish"),
    [
        (["GET /api/events HTTP/1.1"], Wish()),
        (["GET /api/events? HTTP/1.1", "Host: localhost", "Connection: Keep-Alive"], Wish()),
        (
            ["GET /api/cameras/CAM1/events?types=warning HTTP/1.1", "Host: localhost"],
            Wish("CAM1", Selection(frozenset(("CAM1",)), frozenset(("warning",)))),
        ),
        (
            ["GET /api/events?last_event_id=a&ids=0 HTTP/1.1", "LAST-event-ID:  7f3a0001.5 "],
            Wish(after="7f3a0001.5", ids=False),
        ),
        (["GET /api/events?heartbeat=1%2E5 HTTP/1.1"], Wish(None, EVERYTHING, heartbeat_s=2)),
    ],
)
def test_a_plain_request_for_a_stream_is_understood(lines: list[str], wish: Wish) -> None:
    assert asked(head(*lines)) == wish


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET /api/events HTTP/1.1\r\nHost: a\r\n",
        head("GET /api/events HTTP/1.1") + b"G",
        head("HEAD /api/events HTTP/1.1"),
        head("GET /api/events HTTP/1.0"),
        head("GET /api/events/ HTTP/1.1"),
        head("GET /api/events#end HTTP/1.1"),
        head("GET /api/events?a=b#end HTTP/1.1"),
        head("GET /api/events?a b HTTP/1.1"),
        head("GET http://a/api/events HTTP/1.1"),
        head("GET /api/cameras//events HTTP/1.1"),
        head("GET /api/cameras/%7BcameraId%7D/events HTTP/1.1"),
        head("GET /api/cameras HTTP/1.1"),
        head("GET /api/events HTTP/1.1", "Content-Length: 0"),
        head("GET /api/events HTTP/1.1", "Host: localhost", "transfer-encoding: chunked"),
        head("GET /api/events HTTP/1.1", "Expect: 100-continue"),
        head("GET /api/events HTTP/1.1", "Upgrade: websocket"),
        head("GET /api/events HTTP/1.1", "Connection: close"),
        head("GET /api/events HTTP/1.1", "Connection: keep-alive, upgrade"),
        head("GET /api/events HTTP/1.1", "Host : a"),
        head("GET /api/events HTTP/1.1", "Host: localhost", " folded"),
        head("GET /api/events HTTP/1.1", "Host: \x00"),
        head("GET /api/events HTTP/1.1", "Host: \u00e9"),
        head("GET /api/events HTTP/1.1", f"Host: {'a' * HEAD_BYTES}"),
    ],
)
def test_what_is_not_plain_is_left_to_the_usual_way(data: bytes) -> None:
    assert asked(data) is None
