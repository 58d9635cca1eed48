"""An error that no handler of a surface has shaped, in the shape of the surface it belongs to."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response


def refusal(
    path: str, status: int, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer."""
    body = {"success": False, "message": message} if is_alpha(path) else {"detail": message}
    return JSONResponse(body, status, headers=headers)


def is_alpha(path: str) -> bool:
    """Tell whether a path belongs to the Alpha surface."""
    return path == "/api" or path.startswith("/api/")
