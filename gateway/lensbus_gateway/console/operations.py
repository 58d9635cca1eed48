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
    one_of,
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
    Operation(
        "getSavedPicture",
        "GET",
        "/console/saved",
        {
            200: file_answer("The file", "image/jpeg", "application/octet-stream"),
            206: file_answer("The part that was asked for", "image/jpeg", "multipart/byteranges"),
            400: Answer("`Range` cannot be understood", _NOT_THERE.contents),
            404: _NOT_THERE,
            416: Answer("The file has no such part", _NOT_THERE.contents),
        },
        (
            Parameter("path", "query", "The full path that an event has told"),
            Parameter("save", "query", "1: to be kept rather than shown", one_of(("0", "1"))),
            Parameter("Range", "header", "Which bytes", example="bytes=0-1023"),
        ),
    ),
)

CHAPTERS: Final = (Chapter("console", "The page at `/`.", PAGES),)
