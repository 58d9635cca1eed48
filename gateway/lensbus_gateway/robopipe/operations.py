"""What this surface answers, for its contract: every operation beside the path that serves it."""

from collections.abc import Mapping
from typing import Any, Final

from lensbus_gateway.contract.operation import (
    FILE,
    FLAG,
    Answer,
    Chapter,
    Content,
    Detail,
    Link,
    Operation,
    Parameter,
    Plain,
    file_answer,
    json_answer,
    one_of,
)
from lensbus_gateway.robopipe import models, shapes, stills, streams
from lensbus_gateway.robopipe.models import MXID, STREAM
from lensbus_gateway.robopipe.replay import FIELD, Source
from lensbus_gateway.robopipe.routes import CAMERA
from lensbus_gateway.robopipe.routes import STREAM as ONE
from lensbus_gateway.robopipe.webrtc import SessionDescription

OAK: Final = "14442C10D13EABCE00"  # a camera in the examples
FORM: Final = "multipart/form-data"

CAMERA_ID: Final = Parameter(
    "mxid", "path", "The id of a camera, as it is listed", {"type": "string", "pattern": MXID}, OAK
)
STREAM_NAME: Final = Parameter(
    "stream_name",
    "path",
    "A stream, as it is listed",
    {"type": "string", "pattern": STREAM},
    "CAM_A",
)

INVALID: Final = json_answer("What was sent cannot be", shapes.HTTPValidationError)
NO_BROKER: Final = json_answer("The bus does not answer", Detail)
FULL: Final = json_answer("As many watch already as the gateway serves", Detail)
TOO_LARGE: Final = json_answer("The file is larger than is taken", Detail)
FAILURES: Final[Mapping[int, Answer]] = {
    404: json_answer("No such camera, or no such stream of it", Detail),
    409: json_answer("It is off, shut down, lost or busy now", Detail),
    422: INVALID,
    502: json_answer("The camera refused or failed", Detail),
    504: json_answer("The camera did not answer in time", Detail),
}
NOTHING: Final = Plain({"type": "null"})


def _same(*operations: str) -> Mapping[str, Link]:
    """Return links to what can be asked of the same stream next."""
    names = {"mxid": "$request.path.mxid", "stream_name": "$request.path.stream_name"}
    return {one: Link(one, names) for one in operations}


def _of_camera(
    id: str,
    method: str,
    path: str,
    ok: Answer,
    *parameters: Parameter,
    status: int = 200,
    body: tuple[Content, ...] = (),
    more: Mapping[int, Answer] | None = None,
) -> Operation:
    answers = {status: ok, **FAILURES, **(more or {})}
    return Operation(id, method, CAMERA + path, answers, (CAMERA_ID, *parameters), body)


def _of_stream(
    id: str,
    method: str,
    path: str,
    ok: Answer,
    *parameters: Parameter,
    status: int = 200,
    body: tuple[Content, ...] = (),
    more: Mapping[int, Answer] | None = None,
) -> Operation:
    answers = {status: ok, **FAILURES, **(more or {})}
    named = (CAMERA_ID, STREAM_NAME, *parameters)
    return Operation(id, method, ONE + path, answers, named, body)


def _of_first(*operations: str) -> Mapping[str, Link]:
    return {one: Link(one, {"mxid": "$response.body#/0/mxid"}) for one in operations}


CAMERAS: Final = (
    Operation(
        "listOakCameras",
        "GET",
        "/cameras",
        {
            200: json_answer(
                "All of them, booted or not",
                list[shapes.DeviceInfo],
                **_of_first("getCamera", "listStreams", "getStats", "bootCamera"),
            ),
            503: NO_BROKER,
        },
    ),
    Operation(
        "refreshCameras",
        "POST",
        "/cameras/refresh",
        {
            200: json_answer("All that there are now", list[shapes.DeviceInfo]),
            422: INVALID,
            503: NO_BROKER,
        },
        (Parameter("boot", "query", "Boot those that are shut down", FLAG),),
    ),
    _of_camera("getCamera", "GET", "", json_answer("What it is", shapes.DeviceInfo)),
    _of_camera("bootCamera", "POST", "", json_answer("It is booted", shapes.DeviceInfo)),
    _of_camera(
        "shutCameraDown",
        "DELETE",
        "",
        json_answer(
            "It is shut down",
            shapes.DeviceInfo,
            **{
                one: Link(one, {"mxid": "$request.path.mxid"})
                for one in ("bootCamera", "getStats", "listStreams")
            },
        ),
    ),
    _of_camera("getStats", "GET", "/stats", json_answer("Its numbers", shapes.CameraStats)),
    _of_camera("getLights", "GET", "/ir", json_answer("They, or null", shapes.Lights | None)),
    _of_camera(
        "setLights",
        "POST",
        "/ir",
        json_answer("They, or null", shapes.Lights | None),
        body=(Content(models.IRConfig, examples={"dots": {"dot_projector": 0.5}}),),
    ),
    _of_camera("getRecording", "GET", "/recording", file_answer("A film", "video/webm")),
)

SHAPE: Final = Parameter(
    "shape", "query", "map: an object by name", one_of(streams.SHAPES, default="list")
)

STREAMS: Final = (
    _of_camera(
        "listStreams",
        "GET",
        "/streams",
        json_answer(
            "All of them, sockets first",
            list[shapes.StreamInfo] | shapes.StreamStates,
            **{
                one: Link(
                    one,
                    {"mxid": "$request.path.mxid", "stream_name": "$response.body#/0/name"},
                )
                for one in ("activateStream", "getConfig", "getControl", "getStill")
            },
        ),
        SHAPE,
    ),
    _of_camera(
        "changeStreams",
        "PATCH",
        "/streams",
        json_answer("All of them", list[shapes.StreamInfo]),
        body=(Content(models.StreamsChange, examples={"depth": {"activate": ["DEPTH_B_C"]}}),),
    ),
    _of_stream(
        "activateStream",
        "POST",
        "",
        json_answer("It is on", NOTHING, **_same("getStill", "deactivateStream")),
        status=201,
    ),
    _of_stream(
        "deactivateStream",
        "DELETE",
        "",
        json_answer("It is off", NOTHING, **_same("getStill", "activateStream")),
        status=202,
    ),
    _of_stream("getConfig", "GET", "/config", json_answer("It", shapes.Config)),
    _of_stream(
        "setConfig",
        "POST",
        "/config",
        json_answer("As it is now", shapes.Config, **_same("getConfig", "getStill")),
        body=(
            Content(
                models.ANY_CONFIG,
                examples={
                    "newer": {"width": 1280, "height": 720, "fps": 15, "resize_mode": "CROP"},
                    "mono": {"resolution": "THE_400_P", "fps": 20.0},
                },
            ),
        ),
    ),
    _of_stream(
        "getConfigOptions",
        "GET",
        "/config/available",
        json_answer("The largest first", list[shapes.ConfigOption]),
    ),
    _of_stream("getControl", "GET", "/control", json_answer("It", shapes.SensorControl)),
    _of_stream(
        "setControl",
        "POST",
        "/control",
        json_answer("As it is now", shapes.SensorControl, **_same("getControl", "resetControl")),
        body=(
            Content(
                models.SensorControlUpdate,
                examples={"manual": {"auto_exposure_enable": False, "exposure_time": 9000}},
            ),
        ),
    ),
    _of_stream(
        "getCapabilities",
        "GET",
        "/control/capabilities",
        json_answer("They", shapes.Capabilities),
    ),
    _of_stream("resetControl", "POST", "/control/reset", json_answer("It", shapes.SensorControl)),
)

FORMAT: Final = Parameter(
    "format",
    "query",
    "How the picture is written; png16 and npy are millimetres, of depth only",
    one_of((*stills.FORMATS, "jpg"), default=stills.DEFAULT),
)
AT: Final = Parameter(
    "at",
    "query",
    "A place, as shares of width and height with a comma between them",
    {"type": "string", "pattern": r"^(0(\.[0-9]+)?|1(\.0+)?),(0(\.[0-9]+)?|1(\.0+)?)$"},
)
NUMBERS: Final = "application/octet-stream"

PICTURES: Final = (
    _of_stream(
        "getStill",
        "GET",
        "/still",
        file_answer("A picture", "image/*", NUMBERS),
        FORMAT,
    ),
    _of_stream(
        "getDepth",
        "GET",
        "/depth",
        Answer(
            "A PNG of millimetres in 16 bits; with `at` what was measured there",
            (Content(Plain(FILE), "image/png"), Content(shapes.Measured)),
        ),
        AT,
    ),
    _of_stream("getPoints", "GET", "/points", file_answer("A PLY file", NUMBERS)),
    _of_stream(
        "streamPictures",
        "GET",
        "/mjpeg",
        file_answer("Pictures without end", "multipart/x-mixed-replace"),
        more={503: FULL},
    ),
    _of_stream(
        "answerOffer",
        "POST",
        "/video",
        json_answer("The call begins", shapes.SessionAnswer),
        body=(Content(SessionDescription),),
        more={503: FULL},
    ),
)


def _form(shape: Mapping[str, Any], required: list[str]) -> Content:
    schema = {"type": "object", "properties": shape, "required": required}
    return Content(Plain(schema), FORM)


FILMS: Final = (
    _of_stream("getReplay", "GET", "/replay", json_answer("Which", shapes.Replay)),
    _of_stream(
        "showReplay",
        "POST",
        "/replay",
        json_answer("It is shown", NOTHING, **_same("getReplay", "endReplay")),
        Parameter("filename", "query", "The name of a film that is the whole body"),
        status=201,
        body=(
            _form({FIELD: FILE}, [FIELD]),
            Content(Source, examples={"far": {"url": "http://127.0.0.1/films/a.mp4"}}),
            Content(Plain(FILE), "video/*"),
        ),
        more={
            413: TOO_LARGE,
            502: json_answer("The film cannot be fetched, or the camera failed", Detail),
        },
    ),
    _of_stream(
        "endReplay", "DELETE", "/replay", json_answer("The sensor is shown", NOTHING), status=202
    ),
)

NETWORKS: Final = (
    _of_stream("getNetwork", "GET", "/nn", json_answer("It, or null", shapes.Network | None)),
    _of_stream(
        "deployNetwork",
        "POST",
        "/nn",
        json_answer("It looks at the stream", NOTHING, **_same("getNetwork", "removeNetwork")),
        status=201,
        body=(Content(shapes.NetworkForm, FORM),),
        more={413: TOO_LARGE},
    ),
    _of_stream("removeNetwork", "DELETE", "/nn", json_answer("It is gone", NOTHING), status=202),
)

CHAPTERS: Final = (
    Chapter("cameras", "OAK cameras: which there are, and how they feel.", CAMERAS),
    Chapter("streams", "OAK cameras: what their sensors do.", STREAMS),
    Chapter("pictures", "OAK cameras: pictures, points and video.", PICTURES),
    Chapter("films", "OAK cameras: films in place of what a sensor sees.", FILMS),
    Chapter("networks", "OAK cameras: neural networks on a stream.", NETWORKS),
)
