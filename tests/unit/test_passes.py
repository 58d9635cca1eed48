import stat
import threading
from pathlib import Path

import pytest

from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.passes import LOCAL, is_good, key_of, local_pass, parse, sign

KEY = b"k" * 32
ENDS = 2_000_000_000


def is_let_in(text: str, *, key: bytes = KEY, now_s: float = ENDS - 1, bound_to: str = "d") -> bool:
    claim = parse(text)
    return claim is not None and is_good(key, claim, now_s, bound_to)


def test_a_pass_is_good_until_it_ends_and_for_what_it_is_bound_to() -> None:
    text = sign(KEY, "e8e5d040c7", ENDS, "d")
    assert is_let_in(text)
    assert not is_let_in(text, now_s=ENDS)
    assert not is_let_in(text, key=b"x" * 32)
    assert not is_let_in(text, bound_to="another token of that id")


@pytest.mark.parametrize("place", [0, 11, -1])
def test_a_changed_pass_is_no_good(place: int) -> None:
    text = list(sign(KEY, "e8e5d040c7", ENDS, "d"))
    text[place] = "1" if text[place] != "1" else "2"
    assert not is_let_in("".join(text))


@pytest.mark.parametrize("text", ["", "local", "local..", "local.1.x", "a.b.c", "\0"])
def test_what_is_no_pass_is_nothing(text: str) -> None:
    assert parse(text) is None


def test_many_that_want_the_key_at_once_get_the_same(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(key_of(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(found)) == 1
    assert [path.name for path in (tmp_path / "access").iterdir()] == ["key"]
    assert stat.S_IMODE((tmp_path / "access" / "key").stat().st_mode) == 0o600


def test_a_broken_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "access").mkdir()
    (tmp_path / "access" / "key").write_bytes(b"short")
    with pytest.raises(SettingsError, match="is broken"):
        key_of(tmp_path)


def test_who_may_read_the_key_has_a_pass(tmp_path: Path) -> None:
    assert local_pass(tmp_path) is None
    key = key_of(tmp_path)
    text = local_pass(tmp_path)
    assert text is not None
    claim = parse(text)
    assert claim is not None
    assert claim.bearer == LOCAL
    assert is_good(key, claim, claim.ends - 1)
