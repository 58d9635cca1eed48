"""What the console's own paths answer, for the contract; the rest of what a page uses is public."""

from typing import Final

from lensbus_gateway.console.page import TYPES
from lensbus_gateway.contract.operation import (
    Answer,
    Chapter,
    Content,
    Detail,
    Operation,
    Parameter,
    Plain,
    file_answer,
    json_answer,
)

TEXT: Final = "text/plain; charset=utf-8"
PAGE: Final = TYPES[".html"]

_NOT_THERE: Final = Answer("There is none", (Content(Plain({"type": "string"}), TEXT),))
_UNCHANGED: Final = Answer("The caller has it already")
_KNOWN: Final = Parameter("If-None-Match", "header", "The tag of what the caller has")
_TAG: Final = {"ETag": "What it is now, for `If-None-Match`"}

PAGES: Final = (
    Operation(
        "getConsole",
        "GET",
        "/",
        {
            200: file_answer("The console for browsers, a line of text for programs", PAGE, TEXT),
            304: _UNCHANGED,
        },
        (_KNOWN,),
    ),
    Operation(
        "getConsoleFile",
        "GET",
        "/console/{name}",
        {
            200: file_answer("The file", *TYPES.values(), **_TAG),
            304: _UNCHANGED,
            404: json_answer("There is none", Detail),
        },
        (Parameter("name", "path", "Its path; it may hold slashes", example="main.js"), _KNOWN),
        route="/console/{name:path}",
        summary="Give a file of the page.",
    ),
)

CHAPTERS: Final = (Chapter("console", "The page at `/`.", PAGES),)
