from lensbus_broker.registry import Notice, Registry, State
from lensbus_broker.standing import Standing
from lensbus_proto.messages import Crashes, Ended, Goodbye, Heartbeat, Hello, Past

CRASHED = Past(Ended(7, 100, "SIGSEGV"), (Crashes("SIGSEGV", 2, 100),))
HOW = {"pid": 7, "time_us": 100, "signal": "SIGSEGV"}


def hello(
    epoch: int = 10,
    *,
    connected: bool = False,
    seq: int = 0,
    pid: int = 0,
    past: Past | None = None,
) -> Hello:
    return Hello("CAM1", epoch, seq, "sony", "ILCE-7M4", connected, {}, pid, past)


def kinds(notices: list[Notice] | None) -> list[str]:
    assert notices is not None
    return [notice.kind for notice in notices]


def registry_with_worker(*, connected: bool = True) -> Registry:
    registry = Registry(silence_s=2.0)
    registry.hello(hello(connected=connected), b"a", now=0.0)
    return registry


def test_a_new_worker_is_announced_once() -> None:
    registry = Registry(silence_s=2.0)
    assert kinds(registry.hello(hello(), b"a", now=0.0)) == ["worker.started"]
    assert kinds(registry.hello(hello(), b"a", now=1.0)) == []


def test_a_heartbeat_of_a_worker_that_never_said_hello_is_unknown() -> None:
    registry = Registry(silence_s=2.0)
    assert registry.heartbeat(Heartbeat("CAM1", 10, 0, True), b"a", now=0.0) is None


def test_a_heartbeat_from_another_address_asks_for_a_new_hello() -> None:
    registry = registry_with_worker()
    assert registry.heartbeat(Heartbeat("CAM1", 10, 0, True), b"b", now=0.0) is None


def test_a_silent_worker_is_declared_lost_once_and_takes_its_camera_along() -> None:
    registry = registry_with_worker()
    registry.heartbeat(Heartbeat("CAM1", 10, 41, True), b"a", now=1.0)
    assert registry.expire(now=3.0) == []
    lost, disconnected = registry.expire(now=3.1)
    assert (lost.kind, lost.epoch) == ("worker.lost", 10)
    assert lost.data == {"lastSeq": 41, "reason": "silent"}
    assert disconnected.kind == "disconnected"
    assert disconnected.data["reason"] == "worker.lost"
    assert registry.expire(now=3.2) == []
    assert registry.entries["CAM1"].state is State.SILENT


def test_a_camera_that_was_not_connected_does_not_disconnect() -> None:
    registry = registry_with_worker(connected=False)
    assert kinds(registry.expire(now=2.1)) == ["worker.lost"]


def test_after_a_long_silence_nobody_waits_for_the_worker() -> None:
    registry = registry_with_worker()
    registry.expire(now=2.1)
    assert registry.expire(now=20.1) == []
    assert registry.entries["CAM1"].state is State.LOST


def test_a_stalled_worker_that_comes_back_is_told_as_it_was() -> None:
    registry = registry_with_worker()
    registry.expire(now=2.1)
    beat = Heartbeat("CAM1", 10, 3, True)
    assert kinds(registry.heartbeat(beat, b"a", now=5.0)) == ["worker.started", "connected"]
    assert registry.entries["CAM1"].state is State.PRESENT


def test_a_new_epoch_replaces_a_worker_that_was_not_missed_yet() -> None:
    registry = registry_with_worker()
    notices = registry.hello(hello(epoch=11), b"b", now=0.5)
    assert kinds(notices) == ["worker.lost", "disconnected", "worker.started"]
    assert [notice.epoch for notice in notices] == [10, 10, 11]


def test_a_worker_of_an_older_epoch_is_stale() -> None:
    registry = registry_with_worker()
    assert registry.is_stale(hello(epoch=9))
    assert not registry.is_stale(hello(epoch=10))


def test_an_orderly_end_is_forgotten() -> None:
    registry = registry_with_worker(connected=False)
    (stopped,) = registry.goodbye(Goodbye("CAM1", 10, 42, "exit 0"))
    assert stopped.kind == "worker.stopped"
    assert stopped.data == {"lastSeq": 42, "reason": "exit 0"}
    assert registry.get("CAM1") is None
    assert registry.goodbye(Goodbye("CAM1", 10, 42, "exit 0")) == []


def test_an_end_with_a_connection_left_disconnects() -> None:
    registry = registry_with_worker()
    notices = registry.goodbye(Goodbye("CAM1", 10, 42, "exit 4"))
    assert kinds(notices) == ["worker.stopped", "disconnected"]


def registry_after_a_restart(*, connected: bool = True) -> Registry:
    """Return the registry of a broker whose journal tells of one worker that was there."""
    registry = Registry(silence_s=2.0)
    gone = Standing(9, 5)
    registry.recall({"CAM1": Standing(10, 41, True, connected), "CAM2": gone}, now=100.0)
    return registry


def test_a_worker_that_outlived_the_broker_is_not_announced_again() -> None:
    registry = registry_after_a_restart()
    assert registry.standing("CAM1", 10) == Standing(10, 41, True, True)
    assert kinds(registry.hello(hello(connected=True, seq=50), b"a", now=100.5)) == []
    assert registry.standing("CAM1", 10) == Standing(10, 50, True, True)
    assert registry.expire(now=102.4) == []


def test_a_worker_that_died_with_the_broker_is_lost_before_the_next_one_starts() -> None:
    registry = registry_after_a_restart()
    notices = registry.hello(hello(epoch=11), b"a", now=100.5)
    assert kinds(notices) == ["worker.lost", "disconnected", "worker.started"]
    assert notices[0].data == {"lastSeq": 41, "reason": "replaced"}
    assert [notice.epoch for notice in notices] == [10, 10, 11]


def test_a_worker_that_died_with_the_broker_and_never_comes_back_is_lost_in_the_end() -> None:
    registry = registry_after_a_restart(connected=False)
    assert registry.expire(now=102.0) == []
    (lost,) = registry.expire(now=102.1)
    assert (lost.camera, lost.kind, lost.epoch) == ("CAM1", "worker.lost", 10)
    assert lost.data == {"lastSeq": 41, "reason": "silent"}
    assert registry.expire(now=110.0) == []
    assert registry.standing("CAM1", 10) is None
    assert kinds(registry.hello(hello(), b"a", now=111.0)) == ["worker.started"]


def test_a_worker_that_ends_while_the_broker_is_away_has_stopped_in_order() -> None:
    registry = registry_after_a_restart()
    notices = registry.goodbye(Goodbye("CAM1", 10, 42, "exit 0"))
    assert kinds(notices) == ["worker.stopped", "disconnected"]
    assert registry.expire(now=200.0) == []


def test_a_worker_older_than_the_one_of_the_broker_before_is_stale() -> None:
    registry = registry_after_a_restart()
    assert registry.is_stale(hello(epoch=9))
    assert not registry.is_stale(hello(epoch=10))


def test_a_worker_that_crashed_is_told_with_its_signal_when_the_next_one_starts() -> None:
    registry = Registry(silence_s=2.0)
    registry.hello(hello(pid=7), b"a", now=0.0)
    lost, started = registry.hello(hello(11, pid=8, past=CRASHED), b"b", now=1.0)
    assert lost.data == {"lastSeq": 0, "reason": "replaced", "ended": HOW}
    crashes = [{"signal": "SIGSEGV", "count": 2, "time_us": 100}]
    assert started.data["ended"] == HOW
    assert started.data["crashes"] == crashes
    assert registry.entries["CAM1"].describe()["crashes"] == crashes


def test_an_end_of_another_process_is_not_taken_for_that_of_the_lost_worker() -> None:
    registry = Registry(silence_s=2.0)
    registry.hello(hello(pid=6), b"a", now=0.0)
    lost, started = registry.hello(hello(11, pid=8, past=CRASHED), b"b", now=1.0)
    assert "ended" not in lost.data, "one between them died before it could say hello"
    assert started.data["ended"] == HOW


def test_a_worker_that_was_only_silent_has_not_started_after_a_crash() -> None:
    registry = Registry(silence_s=2.0)
    registry.hello(hello(pid=8, past=CRASHED), b"a", now=0.0)
    registry.expire(now=2.1)
    notices = registry.heartbeat(Heartbeat("CAM1", 10, 0, False), b"a", now=3.0)
    assert notices is not None
    assert notices[0].data == {"vendor": "sony", "model": "ILCE-7M4"}


def test_crashes_are_known_while_a_camera_is_away() -> None:
    registry = Registry(silence_s=2.0)
    registry.hello(hello(pid=8, past=CRASHED), b"a", now=0.0)
    registry.goodbye(Goodbye("CAM1", 10, 0, "exit 0"))
    assert registry.entries == {}
    assert registry.crashes["CAM1"] == CRASHED.crashes


def test_without_a_process_manager_nothing_is_said_of_earlier_workers() -> None:
    registry = Registry(silence_s=2.0)
    (started,) = registry.hello(hello(), b"a", now=0.0)
    assert started.data == {"vendor": "sony", "model": "ILCE-7M4"}
    assert "crashes" not in registry.entries["CAM1"].describe()
    assert registry.crashes == {}
