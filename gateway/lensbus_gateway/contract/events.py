"""The streams of events, as operations: what can be asked for, and what a browser sends again."""

from typing import Final

from lensbus_gateway.contract.operation import Answer, Content, Operation, Parameter, Plain
from lensbus_gateway.wish import HEARTBEAT_LEAST_S, HEARTBEAT_MOST_S, LAST_EVENT_ID

EVENT_STREAM: Final = "text/event-stream"
EXAMPLE: Final = (
    'id: 7f3a0001.1041\nevent: connected\ndata: {"cameraId":"*"}\nretry: 2000\n\n'
    "id: 7f3a0001.1042\nevent: warning\n"
    'data: {"cameraId":"D10F60149B0C","code":"0x20011","message":"Captured_Event",'
    '"epoch":1764000000000000,"seq":7,"timeUs":1764000000123456}\n\n'
)

_SWITCH: Final = {"type": "string", "enum": ["0", "1"]}
_PLACE: Final = "A cursor: what came after it is told first. `earliest` is before all that is kept"

PARAMETERS: Final = (
    Parameter("cameras", "query", "Events of these cameras only, with commas between"),
    Parameter("types", "query", "Events of these names only, with commas between; gaps pass"),
    Parameter(
        "heartbeat",
        "query",
        "A `heartbeat` event this often, in seconds, in place of a comment",
        {"type": "number", "minimum": HEARTBEAT_LEAST_S, "maximum": HEARTBEAT_MOST_S},
    ),
    Parameter("snapshot", "query", "1: begin with the state of every camera", _SWITCH),
    Parameter("ids", "query", "0: no cursors, for readers that cannot bear them", _SWITCH),
    Parameter("last_event_id", "query", _PLACE),
    Parameter("lastEventId", "query", f"{_PLACE}; another spelling"),
    Parameter(LAST_EVENT_ID.title(), "header", f"{_PLACE}; wins over the query"),
)


def event_stream(id: str, path: str, *in_path: Parameter) -> Operation:
    """Return the operation that streams events."""
    content = Content(Plain({"type": "string"}), EVENT_STREAM, {"begin": EXAMPLE})
    headers = {"X-Resumed-From": "The cursor behind which the replay begins, if one was sent"}
    meaning = "Events without end; any other status would keep browsers from coming back"
    return Operation(
        id,
        "GET",
        path,
        {200: Answer(meaning, (content,), headers)},
        (*in_path, *PARAMETERS),
        summary="Stream events as they happen, from a place on if one is given.",
        more=(
            "Each event is `id`, `event` and `data`, a line of JSON; which names there are and "
            "what is in them is told by `/asyncapi.json`. Parameters that cannot be understood are "
            "passed over."
        ),
    )
