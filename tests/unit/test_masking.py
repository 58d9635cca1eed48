import logging

import pytest

from lensbus_proto.runtime.logs import FieldFormatter
from lensbus_proto.runtime.masking import masked, masked_text
from lensbus_proto.runtime.passes import sign

SECRET = "WEvb6ebRlS7C8WkXo6QgQBAN1b635MNslZK8dIWpVxE"
TOKEN = f"lensbus_e8e5d040c7_{SECRET}"


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"Authorization: Bearer {TOKEN}",
        f"{{'authorization': 'Bearer {SECRET}'}}",
        f'{{"Cookie": "a=b; lensbus_12345678={SECRET}"}}',
        f"[(b'cookie', b'lensbus_12345678={SECRET}')]",
        f"cookie: lensbus_12345678={SECRET}; other=1",
        f"GET /api/events?ticket=ticket_{SECRET}&ids=0",
        f"opened ticket_{SECRET} twice",
        f"/api/events?snapshot=1&ticket={SECRET}",
        f"password={SECRET}",
        f"{{'username': 'me', 'password': '{SECRET}'}}",
        f'{{"auth": {{"password": "{SECRET}"}}}}',
        f"sony_password: {SECRET}",
        f"local.1795867939.{SECRET}",
        f"e8e5d040c7.1795867939.{SECRET}",
    ],
)
def test_a_secret_is_masked_wherever_it_stands(text: str) -> None:
    assert SECRET not in masked_text(text)
    assert "***" in masked_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "events lost camera=D10F60149B0C lost=3",
        "GET /api/cameras/x/connection",
        "the id of a token: e8e5d040c7",
        "serving host=127.0.0.1 port=8080",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked_text(text) == text


def test_the_id_of_a_token_may_be_read() -> None:
    assert masked_text(TOKEN) == "lensbus_e8e5d040c7_***"


def test_a_pass_is_masked() -> None:
    text = sign(b"k" * 32, "local", 1795867939)
    assert text.rpartition(".")[2] not in masked_text(f"brought {text}")


def test_what_a_command_carries_is_masked_by_its_names() -> None:
    carried = {
        "mode": "remote",
        "password": "hunter2",
        "auth": {"Passphrase": "x", "username": "me"},
        "list": [{"secret": "y"}],
        "data": b"123",
        "note": f"use {TOKEN}",
        "key": None,
    }
    assert masked(carried) == {
        "mode": "remote",
        "password": "***",
        "auth": {"Passphrase": "***", "username": "me"},
        "list": [{"secret": "***"}],
        "data": "3 bytes",
        "note": "use lensbus_e8e5d040c7_***",
        "key": None,
    }


def test_every_line_of_a_log_is_masked() -> None:
    formatter = FieldFormatter("%(levelname)s %(message)s")
    try:
        raise ValueError(f"password={SECRET}")
    except ValueError as error:
        fault = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "header %s", (TOKEN,), fault)
    record.query = f"ticket={SECRET}"
    line = formatter.format(record)
    assert "Traceback" in line
    assert SECRET not in line
