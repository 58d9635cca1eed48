"""`GET /livez`, `GET /readyz`: for whoever keeps processes alive, and for whoever sends clients.

`/livez` says that this process turns, and nothing else: restart it when it does not answer. What
`/readyz` complains of, a restart of the gateway does not mend.
"""

import os
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.access.guard import cameras_of, sees
from lensbus_gateway.readiness import CameraVerdict, Readiness, Verdict

HEADERS = {"Cache-Control": "no-store"}


async def livez(request: Request) -> Response:
    """Answer."""
    return JSONResponse({"alive": True, "process": os.getpid()}, headers=HEADERS)


async def readyz(request: Request) -> Response:
    """Tell whether every camera is ready, or the one that `camera` names; 503 if not."""
    readiness: Readiness = request.app.state.readiness
    verdict = await readiness.look()
    known = [one for one in verdict.cameras if sees(request, one.camera)]
    camera = request.query_params.get("camera")
    if camera is None:
        own = not verdict.broker and all(one.ready for one in known)
        return _answer(verdict, known, ready=own if cameras_of(request) else verdict.ready)
    named = [one for one in known if one.camera == camera] or [
        CameraVerdict(camera[:64], "", ready=False, reason="nothing is known of it")
    ]
    return _answer(verdict, named, ready=not verdict.broker and named[0].ready)


def _answer(verdict: Verdict, cameras: Sequence[CameraVerdict], *, ready: bool) -> Response:
    body: dict[str, Any] = {
        "ready": ready,
        "broker": {"ready": not verdict.broker, "reason": verdict.broker},
        # A degraded journal is said and does not count: cameras work and events flow.
        "journal": {"degraded": bool(verdict.journal), "reason": verdict.journal},
        "cameras": [
            {"camera": one.camera, "vendor": one.vendor, "ready": one.ready, "reason": one.reason}
            for one in cameras
        ],
    }
    return JSONResponse(body, 200 if ready else 503, headers=HEADERS)
