"""Signing in and out, and tickets, for the contract."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from lensbus_gateway.contract.operation import (
    Answer,
    Chapter,
    Content,
    Detail,
    Operation,
    json_answer,
)


class SignIn(BaseModel):
    """What was printed when the token was made."""

    token: str


class Visit(TypedDict):
    """Who is signed in, and whether anybody has to be."""

    demanded: bool
    signed_in: bool
    reason: NotRequired[str]
    name: NotRequired[str]
    scope: NotRequired[Literal["view", "control", "admin"]]
    cameras: NotRequired[list[str] | None]
    ends: NotRequired[int | None]


class Ticket(TypedDict):
    """What opens one stream once, as `?ticket=`."""

    ticket: str
    expires_in_s: Annotated[float, Field(gt=0)]


SESSION: Final = "/console/session"

OPERATIONS: Final = (
    Operation(
        "getSession",
        "GET",
        SESSION,
        {200: json_answer("Who it is", Visit)},
        summary="Tell who is signed in.",
    ),
    Operation(
        "signIn",
        "POST",
        SESSION,
        {
            200: json_answer("A cookie is set", Visit),
            401: json_answer("The token is no good", Detail),
            422: json_answer("There is no token in the body", Detail),
        },
        body=(Content(SignIn, examples={"token": {"token": "lensbus_..."}}),),
        summary="Sign a browser in: a cookie in place of a token.",
    ),
    Operation(
        "signOut", "DELETE", SESSION, {204: Answer("The cookie is taken back")}, summary="Sign out."
    ),
    Operation("makeTicket", "POST", "/access/tickets", {201: json_answer("A ticket", Ticket)}),
)

CHAPTERS: Final = (Chapter("access", "Tokens, for browsers.", OPERATIONS),)
