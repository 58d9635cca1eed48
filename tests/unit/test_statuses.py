import pytest

from lensbus_gateway.errors import STATUS, status_of
from lensbus_proto.errors import BY_CODE, CameraUnknown, CommandError, NotActive, Refused


def test_every_error_has_a_status_of_its_own() -> None:
    assert set(STATUS) == set(BY_CODE.values())


@pytest.mark.parametrize("cls", BY_CODE.values())
def test_no_error_is_a_fault_of_the_gateway(cls: type[CommandError]) -> None:
    assert status_of(cls("why")) in (404, 409, 422, 502, 504)


def test_the_rules_callers_rely_on() -> None:
    errors = (CameraUnknown("?"), NotActive("?"), Refused("?"))
    assert [status_of(error) for error in errors] == [404, 409, 502]


def test_an_error_without_a_row_takes_its_parents() -> None:
    class Overheated(Refused):
        pass

    assert status_of(Overheated("?")) == 502
