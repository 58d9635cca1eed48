"""Nothing that a caller sends is answered with a fault of ours, by the system as it runs."""

import http.client
import itertools
from contextlib import closing
from urllib.parse import quote

import pytest

from kit.system import ALPHA, OAK, System

API, ROBO = f"/api/cameras/{ALPHA}", f"/cameras/{OAK}"
PATHS = (
    *("/api/server/status", "/api/cameras", "/api/nonsense", "/api/events/x", "/nonsense"),
    *(f"{API}/{rest}" for rest in ("connection", "properties/all", "properties/iso")),
    *(f"{API}/{rest}" for rest in ("properties/%00", "priority-key", "actions/nonsense")),
    *(f"{API}/{rest}" for rest in ("live-view/status", "live-view/frame", "live-view/x")),
    *(f"{API}/{rest}" for rest in ("sd-card/slot/9/files", "settings/save-info")),
    *(f"{API}/{rest}" for rest in ("settings/files", "settings/upload", "lut/import")),
    *(f"{API}/{rest}" for rest in ("af-area-position", "tracking-frame", "fingerprint")),
    *(f"{API}/{rest}" for rest in ("saved", "saved?limit=x", "saved/%00", "saved/../x", "saved/")),
    *(f"{API}/actions/{rest}" for rest in ("zoom", "button", "touch", "focus-near-far")),
    *("/api/server/logs?lines=x", "/api/status", f"{API}/live-view/osd-status"),
    *(f"/api/cameras/{camera}/connection" for camera in ("NOBODY", "%2F..%2F", "{cameraId}", "ä")),
    *("/cameras/", "/cameras/NOBODY/", "/cameras/abc/", f"{ROBO}/", f"{ROBO}/streams/"),
    *(f"{ROBO}/streams/{name}/config" for name in ("CAM_A", "CAM_H", "DEPTH_A_B", "x", "CAM_A%20")),
    *(f"{ROBO}/{rest}" for rest in ("stats", "ir", "streams/CAM_A/config/available")),
    *(f"{ROBO}/streams/CAM_A/{rest}" for rest in ("control", "control/capabilities")),
    *(f"{ROBO}/streams/CAM_A/{rest}" for rest in ("nn", "replay", "replay?filename=%00")),
    *(f"{ROBO}/recording", f"{ROBO}/streams/CAM_A/still?format=nonsense"),
)
BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"\xff\xfe",
    b'{"mode": "nonsense", "value": {}, "setting": 1, "path": "/\\u0000", "exposure_time": -1}',
    b'{"value": 1e999, "focus": {"lens_position": "x"}, "resolution": [1]}',
    b"[" * 5000,
)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_request_is_answered_with_500(system: System, method: str) -> None:
    answers = []
    with closing(http.client.HTTPConnection("127.0.0.1", system.port, timeout=30)) as connection:
        for path, body in itertools.product(PATHS, BODIES if method != "GET" else BODIES[:1]):
            connection.putrequest(method, quote(path, safe="/%?={}"))
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            answer.read()
            answers.append((answer.status, path, body[:40]))
    system.json("POST", f"{ROBO}/")  # a DELETE has shut it down
    assert [answer for answer in answers if answer[0] >= 500] == []
