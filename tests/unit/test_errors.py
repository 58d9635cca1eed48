import re
from pathlib import Path

from lensbus_proto import codec
from lensbus_proto.errors import (
    BY_CODE,
    BadArguments,
    CommandError,
    Refused,
    error_from_map,
    error_to_map,
)


def test_an_error_crosses_processes_whole() -> None:
    sent = Refused("no", vendor_code=0x8402, operation="SetDeviceProperty", detail={"a": 1})
    got = error_from_map(error_to_map(sent))
    assert type(got) is Refused
    assert vars(got) == vars(sent)


def test_a_code_from_a_newer_version_is_still_an_error() -> None:
    got = error_from_map({"code": "camera.asleep", "message": "wake it"})
    assert type(got) is CommandError
    assert got.message == "wake it"


def test_bad_arguments_name_field_value_and_expectation() -> None:
    error = BadArguments.of("slot", 3, "1 or 2")
    assert str(error) == "slot is 3, expected 1 or 2"
    assert error.detail == {"field": "slot"}


def test_every_code_stands_in_the_document() -> None:
    text = (Path(codec.__file__).parent.parent / "WIRE.md").read_text()
    listed = set(re.findall(r"^\| `([a-z_.]+)` \|", text.split("Error codes are stable")[1], re.M))
    assert set(BY_CODE) | {"protocol.remote"} <= listed
