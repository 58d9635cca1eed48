"""What this surface answers, for its contract: every operation beside the path that serves it."""

from collections.abc import Mapping
from typing import Any, Final

from lensbus_gateway.alpha import models
from lensbus_gateway.alpha.bus import KEY_LIMIT
from lensbus_gateway.alpha.card import ID_LIMIT
from lensbus_gateway.alpha.card_list import LIMIT, SORTS
from lensbus_gateway.alpha.catalogue import CATALOGUE
from lensbus_gateway.alpha.logs import LEVELS, LINES, RETAINED
from lensbus_gateway.alpha.routes import CAMERA, FILE
from lensbus_gateway.alpha.saved import PAGE, PAGE_LIMIT, TYPES
from lensbus_gateway.contract.events import event_stream
from lensbus_gateway.contract.operation import (
    Answer,
    Chapter,
    Content,
    Link,
    Operation,
    Parameter,
    file_answer,
    json_answer,
    one_of,
    whole,
)

ALPHA: Final = "D10F60149B0C"  # a camera in the examples
JPEG: Final = "image/jpeg"
SAVED_TYPES: Final = (*sorted(set(TYPES.values())), "application/octet-stream")

PATH: Final = Parameter("camera", "path", "The id of a camera, as it is listed", example=ALPHA)
KEY: Final = Parameter(
    "Idempotency-Key",
    "header",
    "A text of the caller's; the same command with the same key acts at most once",
    {"type": "string", "minLength": 1, "maxLength": KEY_LIMIT, "pattern": "^[ -~]*$"},
)
SLOT: Final = Parameter("slot", "path", "A slot for memory cards", whole(1, 2), 1)
LISTED: Final = (
    Parameter("sort", "query", "The order; with a minus descending", one_of(SORTS)),
    Parameter("offset", "query", "How many to pass over", whole(0, LIMIT)),
    Parameter("limit", "query", "How many at most", whole(0, LIMIT)),
)
LINE_COUNT: Final = Parameter(
    "lines", "query", "How many at most", whole(1, RETAINED, default=LINES), 20
)
LEVEL: Final = Parameter("level", "query", "The least level", one_of(LEVELS, default="info"))
ONE_CAMERA: Final = Parameter("cameraId", "query", "Of one camera only")

REFUSED: Final = json_answer("Refused, by the gateway or by the camera", models.Refused)
NOT_THERE: Final = json_answer(
    "No such path; or the camera is not known or not connected", models.Refused
)
NO_BROKER: Final = json_answer("The bus does not answer", models.Refused)
RUNNING: Final = json_answer("A transfer is running; this may be repeated", models.Refused)


def _of_camera(*operations: str) -> Mapping[str, Link]:
    """Return links to what can be asked of the same camera next."""
    same = {"camera": "$request.path.camera"}
    return {one: Link(one, same) for one in operations}


def _read(
    id: str,
    path: str,
    shape: Any,
    *parameters: Parameter,
    refusals: Mapping[int, Answer],
    links: Mapping[str, Link] | None = None,
    route: str | None = None,
    meaning: str = "Read",
) -> Operation:
    ok = json_answer(meaning, shape, **(links or {}))
    return Operation(id, "GET", path, {200: ok, **refusals}, parameters, route=route)


def _act(
    id: str,
    path: str,
    shape: Any,
    body: Any = None,
    *parameters: Parameter,
    method: str = "POST",
    status: int = 200,
    needs_body: bool = False,
    examples: Mapping[str, Any] | None = None,
    refusals: Mapping[int, Answer] | None = None,
    links: Mapping[str, Link] | None = None,
    route: str | None = None,
    summary: str = "",
) -> Operation:
    return Operation(
        id,
        method,
        path,
        {
            status: json_answer("Done, or begun", shape, **(links or {})),
            400: REFUSED,
            **(refusals or {}),
        },
        (PATH, *parameters, KEY),
        (Content(body, examples=examples or {}),) if body is not None else (),
        needs_body=needs_body,
        route=route,
        summary=summary,
    )


SERVER: Final = (
    *(
        _read(id, path, models.Status, refusals={503: NO_BROKER})
        for id, path in (("getStatus", "/api/server/status"), ("getStatusOld", "/api/status"))
    ),
    _read("getLogs", "/api/server/logs", models.Logs, LINE_COUNT, LEVEL, ONE_CAMERA, refusals={}),
    Operation(
        "shutDownServer",
        "POST",
        "/api/server/shutdown",
        {200: json_answer("The whole system ends after this answer", models.Announced)},
    ),
    _read(
        "listSonyCameras",
        "/api/cameras",
        models.Cameras,
        refusals={503: NO_BROKER},
        links={
            one: Link(one, {"camera": "$response.body#/cameras/0/id"})
            for one in ("connect", "getConnection", "getFingerprint")
        },
    ),
)

EVENTS: Final = (
    event_stream("streamEvents", "/api/events"),
    event_stream("streamCameraEvents", CAMERA + "/events", PATH),
)

CONNECTION: Final = (
    _act(
        "connect",
        CAMERA + "/connection",
        models.Said,
        models.Connect,
        examples={"remote": {"mode": "remote"}, "network": {"auth": {"password": "..."}}},
        links=_of_camera(
            *("getConnection", "getAllProperties", "startLiveView", "listCard", "disconnect"),
        ),
    ),
    _read(
        "getConnection", CAMERA + "/connection", models.Connection, PATH, refusals={400: REFUSED}
    ),
    _act(
        "disconnect",
        CAMERA + "/connection",
        models.Said,
        method="DELETE",
        links=_of_camera("getConnection", "getAllProperties"),
    ),
    _read(
        "getFingerprint",
        CAMERA + "/fingerprint",
        models.Told[models.FingerprintData],
        PATH,
        refusals={400: REFUSED, 404: NOT_THERE},
    ),
)

NAME: Final = Parameter("name", "path", "A property", one_of(sorted(CATALOGUE)), "iso")

PROPERTIES: Final = (
    _read(
        "getAllProperties",
        CAMERA + "/properties/all",
        models.Done[models.AllProperties],
        PATH,
        refusals={400: REFUSED},
    ),
    _read(
        "getProperty",
        CAMERA + "/properties/{name}",
        models.Done[models.Property],
        PATH,
        NAME,
        refusals={400: REFUSED},
        links={
            "setProperty": Link(
                "setProperty",
                {"camera": "$request.path.camera", "name": "$request.path.name"},
            )
        },
    ),
    _act(
        "setProperty",
        CAMERA + "/properties/{name}",
        models.Done[models.PropertySet],
        models.SetProperty,
        NAME,
        method="PUT",
        needs_body=True,
        examples={"shown": {"value": "ISO 400"}, "number": {"value": 400}},
        links={
            "getProperty": Link(
                "getProperty",
                {"camera": "$request.path.camera", "name": "$request.path.name"},
            )
        },
    ),
    _read(
        "getPriorityKey",
        CAMERA + "/priority-key",
        models.Done[models.PriorityKey],
        PATH,
        refusals={400: REFUSED},
    ),
    _act(
        "setPriorityKey",
        CAMERA + "/priority-key",
        models.Done[models.PriorityKeySet],
        models.SetPriorityKey,
        method="PUT",
        needs_body=True,
        examples={"pc-remote": {"setting": "pc-remote"}},
        links=_of_camera("getPriorityKey"),
    ),
)


def _press(id: str, action: str, shape: Any, body: Any = None, **more: Any) -> Operation:
    return _act(id, f"{CAMERA}/actions/{action}", shape, body, **more)


ACTIONS: Final = (
    _press(
        "pressShutter",
        "shutter",
        models.Done[models.ActionData],
        models.PressShutter,
        examples={"burst": {"action": "down"}},
    ),
    _press("halfPress", "half-press", models.Done[models.ActionData]),
    _press("focusAndShoot", "af-shutter", models.Done[models.ActionData]),
    _press(
        "zoom",
        "zoom",
        models.Done[models.ZoomData],
        models.Zoom,
        examples={"in": {"direction": "in", "speed": "normal"}, "stop": {"speed": 0}},
    ),
    _press(
        "stepFocus",
        "focus-near-far",
        models.Done[models.FocusData],
        models.FocusStep,
        needs_body=True,
        examples={"near": {"step": -3}},
    ),
    _press("toggleMovie", "movie-rec", models.Done[models.MovieData]),
    _press(
        "pressButton",
        "button",
        models.Done[models.ButtonData],
        models.PressButton,
        needs_body=True,
        examples={"menu": {"button": "menu"}},
    ),
    _press(
        "touch",
        "touch",
        models.Done[models.TouchData],
        models.Point,
        needs_body=True,
        examples={"middle": {"normalized": {"x": 0.5, "y": 0.5}}},
        links=_of_camera("cancelTouch", "getTrackingFrame"),
    ),
    _press("cancelTouch", "touch-cancel", models.Done[models.ActionData]),
)

_LIVE: Final = CAMERA + "/live-view/"
_SWITCHES: Final = (
    ("enableLiveView", "enable", "Have the camera offer live view."),
    ("disableLiveView", "disable", "Have the camera offer none."),
    ("startLiveView", "start", "Have pictures flow."),
    ("stopLiveView", "stop", "Have no more pictures flow."),
    ("enableOsd", "osd-enable", "Have the camera's display drawn into pictures."),
    ("disableOsd", "osd-disable", "Have pictures without the camera's display."),
)

_NO_PICTURE: Final = json_answer("There is no picture", models.Refused)
_FRESH: Final = {"Cache_Control": "`no-store`: it is another picture each time"}

LIVE_VIEW: Final = (
    *(
        _act(
            id,
            _LIVE + action,
            models.Said,
            route=_LIVE + "{action}",
            summary=summary,
            links=_of_camera("getLiveView", "getFrame"),
        )
        for id, action, summary in _SWITCHES
    ),
    *(
        Operation(
            id,
            "GET",
            _LIVE + action,
            {200: json_answer("Read", data), 400: REFUSED},
            (PATH,),
            route=_LIVE + "{action}",
            summary=summary,
        )
        for id, action, data, summary in (
            (
                "getLiveView",
                "status",
                models.Done[models.LiveViewState],
                "Tell whether pictures flow.",
            ),
            (
                "getOsd",
                "osd-status",
                models.Done[models.OsdState],
                "Tell whether the display is drawn.",
            ),
        )
    ),
    *(
        Operation(
            id,
            "GET",
            _LIVE + action,
            {200: file_answer("A picture", JPEG, **_FRESH), 400: REFUSED, 404: _NO_PICTURE},
            (PATH,),
            route=_LIVE + "{action}",
            summary=summary,
            more="Answers as soon as there is a newer picture than the last one that was given.",
        )
        for id, action, summary in (
            ("getFrame", "frame", "Show the newest picture."),
            ("getOsdFrame", "osd-frame", "Show the newest picture with the camera's display."),
        )
    ),
    Operation(
        "streamLiveView",
        "GET",
        _LIVE + "stream",
        {
            200: file_answer("Pictures without end", "multipart/x-mixed-replace"),
            400: REFUSED,
            404: _NO_PICTURE,
            503: json_answer("As many watch already as the gateway serves", models.Refused),
        },
        (PATH,),
        route=_LIVE + "{action}",
        summary="Show pictures until live view stops.",
    ),
)

_FILES: Final = CAMERA + "/sd-card/slot/{slot}/files"
_CONTENT: Final = Parameter("content", "path", "The number of a content", whole(0, ID_LIMIT), 1)
_FILE: Final = Parameter("file", "path", "The number of one of its files", whole(0, ID_LIMIT), 1)

CARD: Final = (
    _read(
        "listCard",
        _FILES,
        models.CardFiles,
        PATH,
        SLOT,
        *LISTED,
        refusals={400: REFUSED, 404: NOT_THERE},
        links={
            f"pull{kind.capitalize()}": Link(
                f"pull{kind.capitalize()}",
                {
                    "camera": "$request.path.camera",
                    "slot": "$request.path.slot",
                    "content": "$response.body#/files/0/content_id",
                    "file": "$response.body#/files/0/file_id",
                },
            )
            for kind in ("download", "thumbnail", "screennail")
        },
    ),
    *(
        _act(
            f"pull{kind.capitalize()}",
            FILE.replace("{kind}", kind),
            models.Pulling,
            models.Pull,
            SLOT,
            _CONTENT,
            _FILE,
            status=202,
            refusals={404: NOT_THERE, 409: RUNNING},
            route=FILE,
            summary=f"Begin to fetch {what}.",
        )
        for kind, what in (
            ("download", "one file"),
            ("thumbnail", "the thumbnail of one file"),
            ("screennail", "the screennail of one file"),
        )
    ),
)

_SAVED: Final = CAMERA + "/saved"
_ABSENT: Final = json_answer("The camera's worker is away; this may be repeated", models.Refused)

SAVED: Final = (
    _read(
        "listSaved",
        _SAVED,
        models.SavedFiles,
        PATH,
        Parameter("offset", "query", "How many to pass over", whole(0, 10**9)),
        Parameter("limit", "query", "How many at most", whole(0, PAGE_LIMIT, default=PAGE)),
        refusals={400: REFUSED, 404: NOT_THERE, 503: _ABSENT},
    ),
    Operation(
        "getSaved",
        "GET",
        _SAVED + "/{name}",
        {
            200: file_answer("The file", *SAVED_TYPES, ETag="Of this version of the file"),
            206: file_answer("The part that was asked for", *SAVED_TYPES),
            304: Answer("The caller has it already"),
            404: NOT_THERE,
            416: json_answer("The file has no such part", models.Refused),
            503: _ABSENT,
        },
        (
            PATH,
            Parameter("name", "path", "Its path, as it is listed; it may hold slashes"),
            Parameter("save", "query", "1: to be kept rather than shown", one_of(("0", "1"))),
            Parameter("Range", "header", "Which bytes", example="bytes=0-1023"),
        ),
        route=_SAVED + "/{name:path}",
        summary="Give a saved file, or a part of it.",
    ),
)

SETTINGS: Final = (
    *(
        _read(id, CAMERA + path, models.Done[models.SaveInfo], PATH, refusals={400: REFUSED})
        for id, path in (
            ("getSaveInfo", "/settings/save-info"),
            ("getSaveInfoOld", "/settings/save-destination"),
        )
    ),
    *(
        _act(
            id,
            CAMERA + path,
            models.Done[models.SaveInfo],
            models.SetSaveInfo,
            method="PUT",
            needs_body=True,
            examples={"folder": {"path": "/data/pictures", "prefix": "A"}},
            links=_of_camera("getSaveInfo"),
        )
        for id, path in (
            ("setSaveInfo", "/settings/save-info"),
            ("setSaveInfoOld", "/settings/save-destination"),
        )
    ),
    _act(
        "saveSettings",
        CAMERA + "/settings/download",
        models.Told[models.SettingsSaved],
        models.SaveSettings,
        examples={"named": {"filename": "CUMSET.DAT"}},
        links=_of_camera("listSettingsFiles"),
    ),
    _act(
        "loadSettings",
        CAMERA + "/settings/upload",
        models.Told[models.SettingsLoaded],
        models.LoadSettings,
        needs_body=True,
        examples={"named": {"filename": "CUMSET.DAT"}},
    ),
    _read(
        "listSettingsFiles",
        CAMERA + "/settings/files",
        models.SettingsFiles,
        PATH,
        refusals={400: REFUSED},
    ),
    _act(
        "importLut",
        CAMERA + "/lut/import",
        models.Told[models.LutData],
        models.ImportLut,
        status=202,
        needs_body=True,
        examples={"first": {"filePath": "/data/luts/LOOK.CUBE", "slot": 1}},
    ),
)

FRAMES: Final = (
    _read(
        "getAfArea",
        CAMERA + "/af-area-position",
        models.Told[models.Frames],
        PATH,
        refusals={400: REFUSED, 404: NOT_THERE},
    ),
    _act(
        "setAfArea",
        CAMERA + "/af-area-position",
        models.Told[models.AfAreaSet],
        models.Point,
        method="PUT",
        needs_body=True,
        refusals={404: NOT_THERE},
        examples={"middle": {"normalized": {"x": 0.5, "y": 0.5}}},
        links=_of_camera("getAfArea"),
    ),
    _read(
        "getTrackingFrame",
        CAMERA + "/tracking-frame",
        models.Told[models.Frames],
        PATH,
        refusals={400: REFUSED, 404: NOT_THERE},
    ),
)

CHAPTERS: Final = (
    Chapter("server", "The server as a whole, and its cameras.", SERVER),
    Chapter("events", "Server-Sent Events; /asyncapi.json tells what is in them.", EVENTS),
    Chapter("connection", "Sony cameras: connecting.", CONNECTION),
    Chapter("properties", "Sony cameras: 81 properties by name.", PROPERTIES),
    Chapter("actions", "Sony cameras: what a hand does.", ACTIONS),
    Chapter("live view", "Sony cameras: moving pictures.", LIVE_VIEW),
    Chapter("card", "Sony cameras: memory cards.", CARD),
    Chapter("saved", "Sony cameras: saved files.", SAVED),
    Chapter("settings", "Sony cameras: files on the rack.", SETTINGS),
    Chapter("focus", "Sony cameras: where the camera focuses.", FRAMES),
)
