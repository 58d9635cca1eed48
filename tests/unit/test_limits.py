"""What one address may take: requests in a second, connections at a time."""

import pytest

from lensbus_gateway.limits import ADDRESSES, BURST_S, Guests, Rate, address_of


@pytest.mark.parametrize(
    ("peername", "address"),
    [
        (("10.0.0.7", 4711), "10.0.0.7"),
        (("::ffff:10.0.0.7", 4711, 0, 0), "10.0.0.7"),
        (("2001:db8:1:2:3:4:5:6", 4711, 0, 0), "2001:db8:1:2::"),
        (("fe80::1%eth0", 4711, 0, 2), "fe80::"),
        ("", ""),
        (None, ""),
    ],
)
def test_an_address_counts_with_its_network(peername: object, address: str) -> None:
    assert address_of(peername) == address


def admitted(rate: Rate, address: str, count: int, now_s: float) -> int:
    return sum(rate.wait_s(address, now_s) == 0 for _ in range(count))


def test_a_burst_is_admitted_and_then_the_rate() -> None:
    rate = Rate(10)
    assert admitted(rate, "a", 100, 50.0) == 10 * BURST_S
    assert admitted(rate, "b", 1, 50.0) == 1, "others are not concerned"
    assert admitted(rate, "a", 100, 51.0) == 10
    assert admitted(rate, "a", 100, 90.0) == 10 * BURST_S


def test_who_is_refused_is_told_when_to_come_back() -> None:
    rate = Rate(0.1)
    assert rate.wait_s("a", 50.0) > 0, "one request in ten seconds is not one in two"
    slow = Rate(1)
    assert [slow.wait_s("a", 50.0) for _ in range(3)] == [0, 0, 1]
    assert slow.wait_s("a", 51.0) == 0


def test_without_a_rate_everybody_is_admitted() -> None:
    assert admitted(Rate(0), "a", 10_000, 50.0) == 10_000


def test_addresses_without_number_take_no_room_without_end() -> None:
    rate = Rate(10)
    for number in range(3 * ADDRESSES):
        assert rate.wait_s(f"a{number}", 50.0) == 0
    assert len(rate._used_up_s) <= ADDRESSES


class FakeGuest:
    def __init__(self, is_idle: bool = True) -> None:
        self.is_idle = is_idle
        self.has_left = False

    def leave(self) -> None:
        self.has_left = True


def test_one_too_many_costs_the_one_that_was_idle_for_longest() -> None:
    guests = Guests(3)
    busy, first, second, other = FakeGuest(is_idle=False), FakeGuest(), FakeGuest(), FakeGuest()
    for guest in (busy, first, second):
        guests.enter("a", guest)
    guests.enter("b", other)
    guests.enter("a", first)  # it has asked for something again
    newcomer = FakeGuest()
    guests.enter("a", newcomer)
    left = [guest.has_left for guest in (busy, first, second, other, newcomer)]
    assert left == [False, False, True, False, False]
    assert guests.turned_out == 1


def test_of_connections_that_are_all_busy_the_newest_goes() -> None:
    guests = Guests(1)
    busy, newcomer = FakeGuest(is_idle=False), FakeGuest(is_idle=False)
    guests.enter("a", busy)
    guests.enter("a", newcomer)
    assert (busy.has_left, newcomer.has_left) == (False, True)


def test_who_has_left_takes_no_place() -> None:
    guests = Guests(8)
    one, other = FakeGuest(), FakeGuest()
    guests.enter("a", one)
    guests.enter("a", other)
    assert len(guests) == 2
    guests.left("a", one)
    guests.left("a", one)
    guests.left("b", one)
    guests.left("a", other)
    assert len(guests) == 0
