"""What goes wrong on demand: every scenario of the Sony simulator, as a client meets it."""

import ctypes as c
import os
import queue
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from kit.crsim_client import (
    ALPHA,
    CINEMA,
    LIBRARY,
    REMOTE_TRANSFER,
    CaptureDate,
    Connection,
    ContentsInfo,
    Property,
    Simulator,
)

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="make -C services/native")

S1, FORMAT, DESTINATION, ISO, PHOTOS, DISTANCE, HEAT = (
    0x0001, 0x0106, 0x0119, 0x0104, 0x0709, 0x0149, 0x0760,
)  # fmt: skip
RELEASE, DOWN, UP = 0, 1, 0
AF_STATUS, CAPTURED, STORAGE_FULL = 0x60001, 0x20011, 0x20003


def shoot(body: Connection) -> None:
    """Focus, release, and wait until the body is free again."""
    assert body.set(S1, 2) == 0
    body.listener.wait_for("warning_ext", AF_STATUS, 2)
    assert body.command(RELEASE, DOWN) == 0
    assert body.command(RELEASE, UP) == 0
    body.listener.wait_for("warning_ext", AF_STATUS, 1)


def first_listing(body: Connection) -> int:
    listed, count, date = c.POINTER(ContentsInfo)(), c.c_uint32(), CaptureDate()
    result = body.call(
        "GetRemoteTransferContentsInfoList",
        c.c_uint32(1), c.c_uint8(0), c.byref(date), c.c_uint32(0), c.byref(listed), c.byref(count),
    )  # fmt: skip
    body.call("ReleaseRemoteTransferContentsInfoList", listed)
    return result


def dying(state: Path, program: str) -> subprocess.CompletedProcess[bytes]:
    """Run a program that holds `sim` and `connect`, until it dies."""
    before = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from kit.crsim_client import ALPHA, Simulator
        running = Simulator.running({{}}, Path({str(state)!r}))
        sim = running.__enter__()
        """
    )
    return subprocess.run(
        [sys.executable, "-c", before + textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        timeout=30,
        check=False,
    )


# --- the switch ----------------------------------------------------------------------------------


def test_the_socket_and_the_files_always_agree(sim: Simulator, alpha: Connection) -> None:
    assert sim.ask(ALPHA, "break not-exposed every=4") == "ok"
    assert (sim.state / f"{ALPHA}.not-exposed").read_text() == "every=4"
    sim.break_(ALPHA, "card-full")
    assert sim.ask(ALPHA, "list").startswith(
        "ok broken: not-exposed (every=4 seconds=0), card-full (seconds=0); can be broken: "
    )
    assert sim.ask(ALPHA, "heal not-exposed") == "ok"
    assert not sim.is_broken(ALPHA, "not-exposed")
    assert sim.ask(ALPHA, "heal all") == "ok"
    assert sim.ask(ALPHA, "list").startswith("ok broken: nothing; ")


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("break earthquake", "error there is no scenario earthquake; there are unplugged, "),
        ("break storm speed=9", "error storm has no parameter speed; it has rate, seconds"),
        ("break storm rate=fast", "error rate of storm is fast, expected 1 to 1000000"),
        ("break crash at=noon", "error at of crash is noon, expected one of now, exposure"),
        ("break storm quickly", "error quickly is not name=value"),
        ("heal earthquake", "error there is no scenario earthquake"),
        ("dance", "error there is no request dance; there are break, heal, list, count"),
        ("", "error there is no request ; there are"),
    ],
)
def test_a_request_that_cannot_be_is_answered_with_what_can(
    sim: Simulator, alpha: Connection, request_: str, answer: str
) -> None:
    assert sim.ask(ALPHA, request_).startswith(answer)
    assert sim.ask(ALPHA, "list").startswith("ok broken: nothing; ")


def test_the_socket_is_for_this_user_and_goes_with_the_connection(sim: Simulator) -> None:
    control = sim.state / f"{ALPHA}.control"
    with sim.connected(ALPHA):
        assert control.is_socket()
        assert control.stat().st_mode & 0o777 == 0o600
    assert not control.exists()


def test_several_clients_may_ask_and_one_may_be_silent(sim: Simulator, alpha: Connection) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(sim.state / f"{ALPHA}.control"))
        silent.sendall(b"cou")
        assert sim.ask(ALPHA, "count").startswith("ok connects=1 ")
        silent.sendall(b"nt\nlist\n")
        with silent.makefile(encoding="utf-8") as answers:
            assert answers.readline().startswith("ok connects=1 ")
            assert answers.readline().startswith("ok broken: nothing; ")


def test_a_body_that_nobody_holds_is_broken_by_the_same_requests(tmp_path: Path) -> None:
    lib, reply = c.CDLL(str(LIBRARY)), c.create_string_buffer(65536)

    def ask(request: bytes) -> bytes:
        lib.crsim_control(str(tmp_path).encode(), b"ABC", request, reply, c.c_uint32(65536))
        return reply.value

    assert ask(b"break held seconds=5") == b"ok"
    assert ask(b"list").startswith(b"ok broken: held (seconds=5); can be broken: ")
    assert ask(b"count").startswith(b"ok connects=0 ")
    assert ask(b"break nothing").startswith(b"error there is no scenario nothing")


def test_a_scenario_with_seconds_is_over_by_itself(sim: Simulator, alpha: Connection) -> None:
    sim.ask(ALPHA, "break unplugged seconds=1")
    alpha.listener.wait_for("warning", 0x20002)
    alpha.listener.wait_for("warning", 0x20001)
    assert not sim.is_broken(ALPHA, "unplugged")


def test_a_file_with_slips_of_the_pen_holds_with_the_defaults(
    sim: Simulator, alpha: Connection
) -> None:
    sim.break_(ALPHA, "transfer-cut at=often colour=red twice")
    assert sim.ask(ALPHA, "list").startswith("ok broken: transfer-cut (at=50 times=1); ")


def test_counts_outlive_the_process(sim: Simulator) -> None:
    for expected in (1, 2):
        with sim.connected(ALPHA) as body:
            shoot(body)
            assert sim.counts(ALPHA)["exposures"] == expected
    assert sim.counts(ALPHA)["connects"] == 2


# --- connections ---------------------------------------------------------------------------------


def test_a_body_held_elsewhere_times_out_until_it_is_let_go(sim: Simulator) -> None:
    sim.break_(ALPHA, "held")
    _, refused = sim.start(ALPHA)
    assert refused.listener.wait_for("error") == ("error", 0x8208)
    refused.close()
    sim.heal(ALPHA, "held")
    with sim.connected(ALPHA):
        pass


def test_a_stale_link_is_accepted_and_silent_until_it_is_let_go(sim: Simulator) -> None:
    sim.break_(ALPHA, "stale-link")
    result, silent = sim.start(ALPHA)
    assert result == 0
    with pytest.raises(queue.Empty):
        silent.listener.wait(lambda event: event[0] != "disconnected", limit_s=0.5)
    silent.close()
    assert not sim.is_broken(ALPHA, "stale-link")
    with sim.connected(ALPHA):
        pass


def test_a_stale_link_ends_by_itself_after_its_time(sim: Simulator) -> None:
    sim.break_(ALPHA, "stale-link seconds=1")
    _, silent = sim.start(ALPHA)
    assert silent.listener.wait_for("error") == ("error", 0x8208)
    silent.close()


def test_a_link_is_stale_after_an_unclean_exit_alone(sim: Simulator) -> None:
    sim.break_(ALPHA, "stale-link when=unclean seconds=1")
    with sim.connected(ALPHA):
        pass
    gone = dying(
        sim.state,
        """
        result, body = sim.start(ALPHA)
        body.listener.wait_for("connected")
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    assert gone.returncode == -signal.SIGKILL, gone.stderr
    _, silent = sim.start(ALPHA)
    assert silent.listener.wait_for("error") == ("error", 0x8208)
    silent.close()
    with sim.connected(ALPHA):
        assert sim.is_broken(ALPHA, "stale-link")


def test_two_bodies_swap_their_ports_and_keep_their_links(sim: Simulator) -> None:
    with sim.connected(ALPHA) as alpha, sim.connected(CINEMA) as cinema:
        assert list(sim.cameras()) == [ALPHA, CINEMA]
        assert sim.ask(ALPHA, "break swapped") == "ok"
        for body, model in ((alpha, "ILCE-7M4"), (cinema, "ILME-FX3A")):
            body.listener.wait_for("warning", 0x20002)
            body.listener.wait_for("warning", 0x20001)
            assert body.get(0x07B2).text == model
        assert list(sim.cameras()) == [CINEMA, ALPHA]


def test_a_camera_object_from_before_a_swap_leads_to_the_other_body(sim: Simulator) -> None:
    with sim.enumerated() as objects:
        sim.break_(ALPHA, "swapped")
        with sim.connected(ALPHA, info=objects[ALPHA], pc_remote=False) as body:
            assert body.get(0x079F).text == CINEMA
    with sim.enumerated() as objects, sim.connected(ALPHA, info=objects[ALPHA]) as body:
        assert body.get(0x079F).text == ALPHA


def test_settings_outlive_the_cable_the_connection_and_the_process(sim: Simulator) -> None:
    with sim.connected(ALPHA) as body:
        body.set_and_wait(ISO, 1600)
        sim.ask(ALPHA, "break unplugged")
        body.listener.wait_for("warning", 0x20002)
        sim.heal(ALPHA, "unplugged")
        body.listener.wait_for("warning", 0x20001)
        assert body.get(ISO).value == 1600
    sim.restart()
    with sim.connected(ALPHA) as body:
        assert body.get(ISO).value == 1600


# --- calls ---------------------------------------------------------------------------------------


def test_a_hanging_call_returns_when_it_is_healed_and_holds_up_no_other(
    sim: Simulator, alpha: Connection
) -> None:
    assert sim.ask(ALPHA, "break hang call=GetDeviceProperties") == "ok"
    done = threading.Event()

    def ask() -> None:
        alpha.properties()
        done.set()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        assert not done.wait(0.3)
        assert alpha.get(ISO).value == 100
        assert alpha.set(ISO, 200) == 0
        alpha.listener.wait(lambda event: event[0] == "codes" and ISO in event[1])
    finally:
        sim.ask(ALPHA, "heal hang")
        thread.join(10)
    assert done.is_set()


def test_every_call_that_may_hang_exists(sim: Simulator, alpha: Connection) -> None:
    calls = sim.ask(ALPHA, "break hang call=?").partition("one of ")[2].split(", ")
    assert len(calls) > 30
    assert [call for call in calls if not hasattr(sim.lib, call)] == []


def test_a_call_is_refused_as_often_as_it_was_said(sim: Simulator, alpha: Connection) -> None:
    sim.break_(ALPHA, "refuse call=SetDeviceProperty error=0x870C times=2")
    assert [alpha.set(ISO, 200) for _ in range(3)] == [0x870C, 0x870C, 0]


@pytest.mark.parametrize("call", ["EnumCameraObjects", "Connect"])
def test_calls_before_a_connection_are_refused_too(sim: Simulator, call: str) -> None:
    sim.break_(ALPHA, f"refuse call={call} error=0x8210")
    listed = c.c_void_p()
    result = (
        sim.lib.EnumCameraObjects(c.byref(listed), c.c_uint8(0))
        if call == "EnumCameraObjects"
        else sim.start(ALPHA)[0]
    )
    assert result == 0x8210


def test_a_slow_call_takes_its_time_and_works(sim: Simulator, alpha: Connection) -> None:
    sim.break_(ALPHA, "slow call=GetSelectDeviceProperties ms=300")
    began = time.monotonic()
    assert alpha.get(ISO).value == 100
    assert time.monotonic() - began >= 0.3


# --- shooting ------------------------------------------------------------------------------------


def test_every_fourth_release_comes_to_nothing(
    sim: Simulator, alpha: Connection, pictures: Path
) -> None:
    alpha.save_to(pictures)
    alpha.set_and_wait(DESTINATION, 1)
    sim.break_(ALPHA, "not-exposed every=4")
    exposed = []
    for _ in range(9):
        before = len(alpha.listener.history)
        shoot(alpha)
        exposed.append(("warning", CAPTURED) in alpha.listener.history[before:])
    assert exposed == [True, True, True, False] * 2 + [True]
    counts = sim.counts(ALPHA)
    assert (counts["releases"], counts["exposures"], counts["not_exposed"]) == (9, 7, 2)
    assert counts["host_files"] == len(list(pictures.iterdir())) == 7


def test_a_full_card_takes_nothing_and_a_host_still_gets_its_picture(
    sim: Simulator, alpha: Connection, pictures: Path
) -> None:
    alpha.save_to(pictures)
    assert sim.ask(ALPHA, "break card-full") == "ok"
    alpha.wait_until(lambda: alpha.get(PHOTOS).value == 0)
    shoot(alpha)  # to both: the host's part works
    alpha.listener.catch_up()
    assert [event for event in alpha.listener.history if event[0] == "download"]
    assert ("warning", STORAGE_FULL) in alpha.listener.history
    alpha.set_and_wait(DESTINATION, 2)
    shoot(alpha)  # to the card alone: not exposed
    assert sim.counts(ALPHA)["exposures"] == 1
    sim.ask(ALPHA, "heal card-full")
    alpha.wait_until(lambda: alpha.get(PHOTOS).value > 0)
    shoot(alpha)
    assert sim.counts(ALPHA)["exposures"] == 2


def test_an_overheated_body_warns_and_does_not_expose(sim: Simulator, alpha: Connection) -> None:
    sim.ask(ALPHA, "break over-temperature level=1")
    alpha.listener.wait_for("warning", 0x2008C)
    assert alpha.get(HEAT).value == 1
    shoot(alpha)
    sim.ask(ALPHA, "break over-temperature level=2")
    alpha.listener.wait_for("warning", 0x2008C)
    shoot(alpha)
    assert alpha.get(HEAT).value == 2
    counts = sim.counts(ALPHA)
    assert (counts["exposures"], counts["not_exposed"]) == (1, 1)
    sim.ask(ALPHA, "heal over-temperature")
    assert alpha.get(HEAT).value == 0


# --- the card ------------------------------------------------------------------------------------


def test_the_index_of_the_card_is_busy_as_often_as_it_was_said(sim: Simulator) -> None:
    with sim.connected(ALPHA, REMOTE_TRANSFER) as body:
        sim.break_(ALPHA, "busy-first-listing times=2")
        assert [first_listing(body) for _ in range(3)] == [0x8D05, 0x8D05, 0]


def test_another_transfer_is_in_the_way(sim: Simulator, pictures: Path) -> None:
    with sim.connected(ALPHA, REMOTE_TRANSFER) as body:
        sim.break_(ALPHA, "second-transfer-busy")
        assert body.pull(131155, 1, pictures) == 0x8D03
        assert body.pull(131155, 1, pictures) == 0
        body.listener.wait_for("transfer", 0x20093)


def test_a_transfer_breaks_off_and_leaves_its_beginning(sim: Simulator, pictures: Path) -> None:
    with sim.connected(ALPHA, REMOTE_TRANSFER) as body:
        sim.break_(ALPHA, "transfer-cut at=50")
        assert body.pull(131154, 1, pictures) == 0
        body.listener.wait_for("transfer", 0x20094)
        card = sim.state / ALPHA / "slot1/DCIM/100MSDCF/DSC00001.ARW"
        [part] = pictures.iterdir()
        assert part.name == card.name
        assert part.stat().st_size == card.stat().st_size // 2
        assert body.pull(131154, 1, pictures) == 0
        body.listener.wait_for("transfer", 0x20093)
        assert part.read_bytes() == card.read_bytes()
        assert sim.counts(ALPHA)["transfers_cut"] == sim.counts(ALPHA)["transfers"] == 1


def test_a_picture_breaks_off_on_its_way_to_the_host(
    sim: Simulator, alpha: Connection, pictures: Path
) -> None:
    alpha.save_to(pictures)
    alpha.set_and_wait(DESTINATION, 1)
    sim.break_(ALPHA, "transfer-cut at=10")
    shoot(alpha)
    assert ("warning", 0x20005) in alpha.listener.history
    assert "download" not in [event[0] for event in alpha.listener.history]
    [part] = pictures.iterdir()
    assert 0 < part.stat().st_size < 100_000


# --- threads of the vendor -----------------------------------------------------------------------


def test_a_storm_has_its_rate_and_its_last_word_is_true(sim: Simulator, alpha: Connection) -> None:
    assert sim.ask(ALPHA, "break storm rate=3000 seconds=1") == "ok"
    alpha.wait_until(lambda: not sim.is_broken(ALPHA, "storm"))
    assert sim.counts(ALPHA)["storm_callbacks"] == 3000
    assert alpha.get(DISTANCE).value == 3000
    alpha.listener.catch_up()
    told = [event for event in alpha.listener.history if event == ("codes", [DISTANCE])]
    assert len(told) > 100
    assert len(alpha.listener.threads) == 2


def test_a_storm_ends_when_it_is_healed(sim: Simulator, alpha: Connection) -> None:
    sim.ask(ALPHA, "break storm rate=1000 seconds=3600")
    alpha.listener.wait_for("codes", [DISTANCE])
    sim.ask(ALPHA, "heal storm")
    before = sim.counts(ALPHA)["storm_callbacks"]
    sim.ask(ALPHA, "break defocused")  # answered when the body has looked once more
    assert sim.counts(ALPHA)["storm_callbacks"] == before


def test_a_connection_can_be_released_in_the_middle_of_a_storm(sim: Simulator) -> None:
    with sim.connected(ALPHA) as body:
        sim.ask(ALPHA, "break storm rate=20000 seconds=3600")
        body.listener.wait_for("codes", [DISTANCE])
    heard = body.listener.heard.qsize()
    with sim.connected(ALPHA):
        pass
    assert body.listener.heard.qsize() == heard


@pytest.mark.parametrize("scenario", ["crash", "crash at=exposure", "crash-at-open times=1"])
def test_a_vendor_thread_dies_and_the_process_with_it(sim: Simulator, scenario: str) -> None:
    done = dying(
        sim.state,
        f"""
        if {scenario!r}.startswith("crash-at-open"):
            sim.break_(ALPHA, {scenario!r})
        result, body = sim.start(ALPHA)
        body.listener.wait_for("connected")
        body.set_and_wait(0x011A, 2)
        print("connected", flush=True)
        sim.break_(ALPHA, {scenario!r})
        if "exposure" in {scenario!r}:
            body.command(7, 1)
        body.listener.wait_for("nothing")
        """,
    )
    assert done.returncode == -signal.SIGSEGV, done.stderr
    assert done.stdout == (b"" if "open" in scenario else b"connected\n")
    assert sim.counts(ALPHA)["crashes"] == 1
    assert not sim.is_broken(ALPHA, scenario.partition(" ")[0])
    with sim.connected(ALPHA):
        assert sim.counts(ALPHA)["exposures"] == 0


def test_nothing_is_counted_twice_when_properties_are_read(alpha: Connection) -> None:
    listed, count = c.POINTER(Property)(), c.c_int32()
    assert alpha.call("GetDeviceProperties", c.byref(listed), c.byref(count)) == 0
    codes = [one.code for one in listed[: count.value]]
    assert alpha.call("ReleaseDeviceProperties", listed) == 0
    assert len(codes) == len(set(codes)) == count.value
