import threading

import pytest

from lensbus_proto.errors import CameraGone, CameraTimeout
from lensbus_services.sony.awaiting import Awaiting
from lensbus_services.sony.values import Kind, Seen

DELETED = Seen(Kind.WARNING_EXT, code=0x6000D)
OTHER = Seen(Kind.WARNING, code=0x20011)


def is_deleted(seen: Seen) -> bool:
    return seen.code == 0x6000D


def test_what_was_called_before_the_waiting_is_not_lost() -> None:
    awaiting = Awaiting()
    with awaiting.expect(is_deleted) as awaited:
        assert awaiting.take(DELETED)
        assert not awaiting.take(OTHER)
        assert awaited.wait(10.0, "Delete") is DELETED


def test_it_waits_for_another_thread() -> None:
    awaiting = Awaiting()
    with awaiting.expect(is_deleted) as awaited:
        caller = threading.Thread(target=awaiting.take, args=(DELETED,))
        caller.start()
        assert awaited.wait(30.0, "Delete") is DELETED
        caller.join()


def test_without_an_answer_it_may_have_happened_all_the_same() -> None:
    awaiting = Awaiting()
    with awaiting.expect(is_deleted) as awaited, pytest.raises(CameraTimeout) as late:
        awaited.wait(0.01, "Delete")
    assert (late.value.began, late.value.operation) == (True, "Delete")


def test_the_end_of_the_connection_ends_the_waiting() -> None:
    awaiting = Awaiting()
    with awaiting.expect(is_deleted) as awaited:
        awaiting.take(DELETED)
        awaiting.lose("unplugged")
        assert awaited.wait(10.0, "Delete") is DELETED  # it came before
        with pytest.raises(CameraGone, match="unplugged") as gone:
            awaited.wait(10.0, "Delete")
    assert gone.value.began


def test_nobody_waits_any_more() -> None:
    awaiting = Awaiting()
    with awaiting.expect(is_deleted):
        pass
    assert not awaiting.take(DELETED)
    awaiting.lose("unplugged")
