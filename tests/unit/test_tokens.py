import stat
import threading
from pathlib import Path

import pytest

from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.tokens import Scope, Token, TokenBook, TokenFile, split, token_file


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return token_file(tmp_path)


def test_a_token_opens_with_its_own_secret_alone(file: TokenFile) -> None:
    token, text = file.create("wall", Scope.VIEW)
    other, other_text = file.create("booth", Scope.ADMIN)
    parts, other_parts = split(text), split(other_text)
    assert parts is not None
    assert other_parts is not None
    assert parts[0] == token.id
    assert token.opens_with(parts[1])
    assert not token.opens_with(other_parts[1])
    assert file.read() == {token.id: token, other.id: other}


def test_what_is_kept_cannot_be_used(file: TokenFile) -> None:
    _, text = file.create("wall", Scope.VIEW)
    kept = file.path.read_text()
    parts = split(text)
    assert parts is not None
    assert parts[1] not in kept


def test_only_the_owner_may_read_it(file: TokenFile) -> None:
    file.folder.mkdir(mode=0o777)
    file.create("wall", Scope.VIEW)
    assert stat.S_IMODE(file.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_cameras_and_days_are_kept(file: TokenFile) -> None:
    token, _ = file.create("booth", Scope.CONTROL, cameras=["A1", "TCP:1"], days=0.5)
    assert file.read()[token.id].cameras == {"A1", "TCP:1"}
    assert token.expires == token.created + 43_200
    assert not token.is_over(token.created)
    assert token.is_over(token.created + 43_200)


@pytest.mark.parametrize(
    ("name", "cameras", "days", "said"),
    [
        ("", [], None, "the name '' must have"),
        ("a\nb", [], None, "must have 1 to 60 printable"),
        ("x", ["a/b"], None, "'a/b' cannot be the id of a camera"),
        ("x", [], 0, "0 days is no time"),
    ],
)
def test_nonsense_makes_no_token(
    file: TokenFile, name: str, cameras: list[str], days: float | None, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        file.create(name, Scope.VIEW, cameras=cameras, days=days)
    assert file.read() == {}


def test_a_revoked_token_is_gone(file: TokenFile) -> None:
    token, _ = file.create("wall", Scope.VIEW)
    assert file.revoke(token.id) == token
    assert file.revoke(token.id) is None
    assert file.read() == {}


def test_writers_at_the_same_time_lose_nothing(file: TokenFile) -> None:
    def make() -> None:
        for _ in range(5):
            file.create("one of many", Scope.VIEW)

    writers = [threading.Thread(target=make) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert len(file.read()) == 20


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tokens": [{}]}', '{"tokens": 3}', "null"])
def test_a_broken_file_is_told(file: TokenFile, text: str) -> None:
    file.folder.mkdir()
    file.path.write_text(text)
    with pytest.raises(SettingsError, match="is broken"):
        file.read()


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_book_sees_a_new_token_at_once_and_a_revoked_one_a_second_later(file: TokenFile) -> None:
    clock, told = Clock(), list[str]()
    book = TokenBook(file, clock, told.append)
    assert book.find("0123456789") is None
    token, _ = file.create("wall", Scope.VIEW)
    assert book.find(token.id) == token
    file.revoke(token.id)
    clock.now_s += 1
    assert book.find(token.id) is None
    assert told == []


def test_a_broken_file_lets_nobody_in_and_is_told_once(file: TokenFile) -> None:
    clock, told = Clock(), list[str]()
    book = TokenBook(file, clock, told.append)
    token, _ = file.create("wall", Scope.VIEW)
    assert book.find(token.id) == token
    file.path.write_text("{")
    for _ in range(3):
        clock.now_s += 1
        assert book.find(token.id) is None
    assert len(told) == 1


@pytest.mark.parametrize(
    "text", ["", "lensbus_", "lensbus_e8e5d040c7_short", f"lensbus_E8E5D040C7_{'a' * 43}", "x" * 60]
)
def test_what_is_no_token_is_not_split(text: str) -> None:
    assert split(text) is None


def test_each_scope_allows_what_the_ones_before_it_do() -> None:
    assert Scope.VIEW < Scope.CONTROL < Scope.ADMIN
    assert [scope.word for scope in Scope] == ["view", "control", "admin"]
    assert Token("0", "n", Scope.VIEW, "", 0).cameras is None
