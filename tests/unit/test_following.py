"""The follower against a bus that loses, repeats and restarts as hypothesis wants it."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kit.records import event_parts
from lensbus_broker.history import Page, read_query
from lensbus_broker.journal import Journal
from lensbus_proto.cursor import EARLIEST
from lensbus_proto.following import Follower, Gap, Item, Seen
from lensbus_proto.messages import Reply
from lensbus_proto.runtime.settings import JournalSettings

NOWHERE = Path("/nonexistent")


class Bus:
    """A journal in memory that can forget, and a live stream that can be cut."""

    def __init__(self, kept: int = 10_000) -> None:
        self.journal = Journal(JournalSettings(enabled=False, max_events=kept), NOWHERE)
        self.sent = 0

    def publish(self) -> list[bytes]:
        self.sent += 1
        parts = event_parts(self.sent, camera=f"CAM{self.sent % 2}", epoch=1)
        self.journal.stamp(parts)
        return parts

    def ask(self, follower: Follower) -> list[Item]:
        name, arguments = follower.question()
        if name == "ping":
            result = {"journal": self.journal.id, "position": self.journal.newest}
            return follower.answer(Reply("1", result))
        page = self.journal.page(read_query(arguments))
        assert isinstance(page, Page)
        return follower.answer(Reply("1", page.result(), parts=tuple(page.parts)))

    def catch_up(self, follower: Follower) -> list[Item]:
        items: list[Item] = []
        while follower.behind:
            items += self.ask(follower)
        return items


def seen(items: list[Item]) -> list[int]:
    return [item.event.data["n"] for item in items if isinstance(item, Seen)]


@given(st.lists(st.sampled_from(["heard", "lost", "asked", "silence"]), max_size=60))
def test_whatever_is_lost_on_the_way_every_event_is_seen_once(steps: list[str]) -> None:
    # Odd and even numbers are of two cameras; the follower of one epoch each sees both.
    bus, follower, items = Bus(), Follower(EARLIEST), []
    for step in steps:
        if step == "asked" and follower.behind:
            items += bus.ask(follower)
        elif step == "silence":
            follower.doubt()
        else:
            parts = bus.publish()
            if step == "heard":
                items += follower.hear(parts)
    follower.doubt()
    items += bus.catch_up(follower)
    assert seen(items) == list(range(1, bus.sent + 1))
    assert not any(isinstance(item, Gap) for item in items)


@given(st.integers(0, 40), st.integers(1, 20), st.integers(0, 40))
def test_what_is_forgotten_is_one_gap_with_its_count(before: int, kept: int, missed: int) -> None:
    bus = Bus(kept)
    follower = Follower()
    for _ in range(before):
        bus.publish()
    assert bus.catch_up(follower) == []
    for _ in range(missed):
        bus.publish()
    follower.doubt()
    items = bus.catch_up(follower)
    gaps = [item for item in items if isinstance(item, Gap)]
    assert [gap.count for gap in gaps] == ([missed - kept] if missed > kept else [])
    assert seen(items) == list(range(before + max(0, missed - kept) + 1, before + missed + 1))


def test_without_a_cursor_it_begins_now() -> None:
    bus, follower = Bus(), Follower()
    bus.publish()
    assert bus.catch_up(follower) == []
    assert seen(follower.hear(bus.publish())) == [2]


def test_a_kept_cursor_goes_on_behind_it() -> None:
    bus, first = Bus(), Follower(EARLIEST)
    for _ in range(5):
        bus.publish()
    third = bus.catch_up(first)[2]
    assert seen(bus.catch_up(Follower(str(third.cursor)))) == [4, 5]


def test_filters_hide_and_lose_nothing() -> None:
    bus, follower = Bus(), Follower(EARLIEST, cameras={"CAM1"}, kinds={"warning"})
    for _ in range(6):
        bus.publish()
    assert seen(bus.catch_up(follower)) == [1, 3, 5]
    assert seen(follower.hear(bus.publish())) == [7]
    assert follower.hear(bus.publish()) == []
    assert seen(follower.hear(bus.publish())) == [9]


def test_a_new_journal_is_a_gap_and_repeats_nothing() -> None:
    bus, follower = Bus(), Follower(EARLIEST)
    for _ in range(5):
        bus.publish()
    bus.catch_up(follower)
    bus.journal = Journal(JournalSettings(enabled=False), NOWHERE)
    bus.sent = 3  # what the worker still had comes again, under the new journal
    live = [bus.publish() for _ in range(5)]
    items = [item for parts in live for item in follower.hear(parts)] + bus.catch_up(follower)
    assert [item.reason for item in items if isinstance(item, Gap)] == ["unknown"]
    assert seen(items) == [6, 7, 8]
