import threading

from lensbus_services.driver import Observation
from lensbus_services.sony.outlet import Outlet


def test_observations_come_out_in_order_and_are_counted() -> None:
    outlet = Outlet()
    for number in range(3):
        outlet.put(Observation("warning", number))
    assert outlet.count == 3
    assert [one.time_us for one in outlet.drain(0)] == [0, 1, 2]
    assert outlet.drain(0) == []
    assert outlet.count == 3


def test_a_reader_that_waits_is_woken() -> None:
    outlet = Outlet()
    timer = threading.Timer(0.01, outlet.put, [Observation("warning", 1)])
    timer.start()
    assert len(outlet.drain(10)) == 1
    timer.join()
