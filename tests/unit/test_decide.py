import pytest

from lensbus_gateway.access.decide import ANYBODY, Stranger, Visitor, decide
from lensbus_gateway.access.table import ADMINS, NORMAL, OPEN, RULES, SYSTEM, VIEWING, Rule, rule_of
from lensbus_proto.runtime.tokens import Scope

VIEWER = Visitor("1", Scope.VIEW)
OPERATOR = Visitor("2", Scope.CONTROL)
ADMIN = Visitor("3", Scope.ADMIN)
OF_ONE = Visitor("4", Scope.ADMIN, frozenset(("CAM1",)))


def status(
    visitor: Visitor | Stranger, rule: Rule, method: str = "GET", camera: str | None = None
) -> int:
    refused = decide(visitor, rule, method, camera)
    return 200 if refused is None else refused.status


@pytest.mark.parametrize(
    ("rule", "method", "expected"),
    [
        (OPEN, "POST", (200, 200, 200, 200)),
        (NORMAL, "GET", (401, 200, 200, 200)),
        (NORMAL, "HEAD", (401, 200, 200, 200)),
        (NORMAL, "POST", (401, 403, 200, 200)),
        (NORMAL, "DELETE", (401, 403, 200, 200)),
        (NORMAL, "NONSENSE", (401, 403, 200, 200)),
        (VIEWING, "POST", (401, 200, 200, 200)),
        (ADMINS, "GET", (401, 403, 403, 200)),
        (ADMINS, "POST", (401, 403, 403, 200)),
    ],
)
def test_a_scope_allows_what_it_says(
    rule: Rule, method: str, expected: tuple[int, int, int, int]
) -> None:
    visitors = (Stranger(), VIEWER, OPERATOR, ADMIN)
    assert tuple(status(visitor, rule, method) for visitor in visitors) == expected


def test_another_camera_is_like_one_that_does_not_exist() -> None:
    assert status(OF_ONE, NORMAL, "POST", "CAM1") == 200
    refused = [decide(OF_ONE, NORMAL, "POST", camera) for camera in ("CAM2", "NOBODY")]
    assert [one and (one.status, one.message) for one in refused] == [
        (404, "Camera CAM2 not found"),
        (404, "Camera NOBODY not found"),
    ]


def test_a_token_for_some_cameras_does_not_concern_the_system() -> None:
    assert status(OF_ONE, SYSTEM) == 403
    assert status(OF_ONE, ADMINS, "POST") == 403
    assert status(OF_ONE, NORMAL) == 200


def test_a_stranger_is_told_what_is_missing_or_wrong() -> None:
    missing = decide(Stranger(), NORMAL, "GET", None)
    wrong = decide(Stranger("the token has expired"), NORMAL, "GET", None)
    assert missing is not None
    assert wrong is not None
    assert missing.headers == {"WWW-Authenticate": 'Bearer realm="lensbus"'}
    assert 'error="invalid_token"' in wrong.headers["WWW-Authenticate"]
    assert wrong.message == "Not let in: the token has expired"


def test_a_stranger_is_not_told_which_cameras_there_are() -> None:
    assert status(Stranger(), NORMAL, "GET", "CAM1") == status(Stranger(), NORMAL, "GET", "NOBODY")


def test_where_no_token_is_demanded_everything_is_allowed() -> None:
    assert all(
        status(ANYBODY, rule, method, "CAM1") == 200
        for rule in RULES.values()
        for method in ("GET", "POST")
    )


def test_a_path_that_nobody_declared_is_for_administrators() -> None:
    assert rule_of("/new") is ADMINS
    assert rule_of("/cameras/") is rule_of("/cameras") is NORMAL
