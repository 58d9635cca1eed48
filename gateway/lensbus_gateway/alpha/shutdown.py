"""Stopping the whole system from afar."""

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_proto.runtime.settings import Settings

logger = logging.getLogger(__name__)

AFTER_S: Final = 0.3  # the answer is on its way by then


async def shutdown(request: Request) -> Response:
    """Stop everything that was started with this gateway, after the answer."""
    settings: Settings = request.app.state.settings
    pid = who_stops(settings.state / "run" / "supervisord.pid", os.getppid(), os.getpid())
    logger.warning("shutdown was asked for", extra={"pid": pid})
    asyncio.get_running_loop().call_later(AFTER_S, os.kill, pid, signal.SIGTERM)
    return JSONResponse({"success": True, "message": "Shutdown initiated"})


def who_stops(pid_file: Path, parent: int, own: int) -> int:
    """Return the process that ends the system: our parent if it is the process manager.

    A gateway that somebody started by hand ends nothing but itself.
    """
    try:
        manager = int(pid_file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return own
    return manager if manager == parent else own
