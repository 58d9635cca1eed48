"""One operation of the gateway as plain values, from which `openapi` makes its document.

Each surface has a table of its operations beside its routes. The shape of a body is a type that
pydantic understands: of requests the model that validates them, of answers a typed dictionary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from typing_extensions import TypedDict

JSON: Final = "application/json"

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
FLAG: Final[Schema] = {"type": "boolean"}
FILE: Final[Schema] = {"type": "string", "format": "binary"}


class Detail(TypedDict):
    """What went wrong, in a sentence."""

    detail: str


def one_of(words: Sequence[str], **more: Any) -> Schema:
    """Return the schema of a text that is one of some words."""
    return {"type": "string", "enum": list(words), **more}


def whole(least: int, most: int, **more: Any) -> Schema:
    """Return the schema of an integer between two limits."""
    return {"type": "integer", "minimum": least, "maximum": most, **more}


@dataclass(frozen=True, slots=True)
class Plain:
    """A body that no type describes, and its schema."""

    schema: Schema


@dataclass(frozen=True, slots=True)
class Content:
    """A body: what it is and of which media type; several examples have names."""

    shape: Any
    media: str = JSON
    examples: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameter:
    """What stands in the path, the query or a header."""

    name: str
    where: str
    meaning: str
    schema: Schema = field(default_factory=lambda: TEXT)
    example: Any = None


@dataclass(frozen=True, slots=True)
class Link:
    """An operation that can be asked with what an answer holds."""

    operation: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one status means and brings."""

    meaning: str
    contents: tuple[Content, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)  # name to meaning
    links: Mapping[str, Link] = field(default_factory=dict)


Answers = Mapping[int, Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    `route` is the path of the application's route that serves it, where that is not the path:
    some routes serve several, and an endless one is not told as such. The summary is the first
    paragraph of what the handler says of itself, unless it is given.
    """

    id: str
    method: str
    path: str
    answers: Answers
    parameters: tuple[Parameter, ...] = ()
    body: tuple[Content, ...] = ()
    needs_body: bool = True
    route: str | None = None
    summary: str = ""
    more: str = ""

    @property
    def served_by(self) -> str:
        """The path of the route that serves it."""
        return self.path if self.route is None else self.route


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations of one part of the gateway."""

    name: str
    meaning: str
    operations: tuple[Operation, ...]


def json_answer(meaning: str, shape: Any, **links: Link) -> Answer:
    """Return an answer whose body is JSON."""
    return Answer(meaning, (Content(shape),), links=links)


def file_answer(meaning: str, *media: str, **headers: str) -> Answer:
    """Return an answer that is a file of one of some types."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(meaning, tuple(Content(Plain(FILE), one) for one in media), named)
