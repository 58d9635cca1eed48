"""The command `lensbus` against a running system: every command, its answers and its refusals."""

import hashlib
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from kit.cli import lensbus, names
from kit.processes import environ, free_port, wait_for
from kit.system import ALL, ALPHA, CINEMA, OAK, OAK_ONE, System, running_system, wait_for_cameras
from lensbus_deploy.exits import Failure
from lensbus_deploy.remote.files import check_saved, copy
from lensbus_deploy.remote.system import System as Remote


@pytest.fixture(scope="module")
def rack() -> Iterator[System]:
    with running_system(sony_simulator_time_scale="0.1") as started:
        wait_for_cameras(started)
        lensbus(started, "connect", ALPHA)
        yield started


def test_status_is_one_screen_and_one_document(rack: System) -> None:
    shown = lensbus(rack, "status").out
    assert rack.url in shown
    assert "3 ready, 1 not connected" in shown
    told = lensbus(rack, "status", "--json").json
    assert set(told["cameras"]) == ALL
    assert told["wrong"] == []
    assert told["metrics"]["lensbus_broker_up"] == 1


def test_cameras_are_listed_with_their_condition(rack: System) -> None:
    listed = {camera["id"]: camera for camera in lensbus(rack, "cameras", "--json").json}
    assert set(listed) == ALL
    assert (listed[OAK]["vendor"], listed[OAK]["model"]) == ("oak", "OAK-D-PRO")
    assert listed[ALPHA]["condition"] == "ready"
    row = next(line for line in lensbus(rack, "cameras").out.splitlines() if CINEMA in line)
    assert row.split() == [CINEMA, "sony", "ILME-FX3A", "not", "connected"]


def test_a_camera_is_named_by_the_beginning_of_its_id(rack: System) -> None:
    assert lensbus(rack, "get", "d10f", "iso", "--json").json["name"] == "iso"
    several = lensbus(rack, "get", "14442C", expect=4).err
    assert "may be any of" in several
    assert OAK in several
    nobody = lensbus(rack, "get", "NOBODY", expect=4).err
    assert nobody.startswith("lensbus: there is no camera NOBODY: there are ")


def test_a_property_is_set_and_is_then_what_was_wanted(rack: System) -> None:
    for wanted in ("ISO 800", "ISO 100"):
        assert lensbus(rack, "set", ALPHA, "iso", wanted).out == f"iso is {wanted}\n"
        assert lensbus(rack, "get", ALPHA, "iso").out.splitlines()[0] == wanted
    every = {value["name"]: value for value in lensbus(rack, "get", ALPHA, "--json").json}
    assert every["iso"]["shown"] == "ISO 100"
    assert "ISO 800" in every["iso"]["choices"]


def test_a_value_of_an_oak_is_set_and_is_then_what_was_wanted(rack: System) -> None:
    assert lensbus(rack, "set", OAK, "CAM_A.contrast", "3").out == "CAM_A.contrast is 3\n"
    assert lensbus(rack, "get", OAK, "CAM_A.contrast", "--json").json["value"] == 3
    lensbus(rack, "set", OAK, "CAM_A.fps", "20")
    lensbus(rack, "set", OAK, "ir.dot_projector", "0.5")
    every = {value["name"]: value["value"] for value in lensbus(rack, "get", OAK, "--json").json}
    assert every["CAM_A.fps"] == 20
    assert every["ir.dot_projector"] == 0.5
    # Its neighbours in the same object stay as they were.
    lensbus(rack, "set", OAK, "CAM_A.focus.auto_focus_mode", "OFF")
    lensbus(rack, "set", OAK, "CAM_A.focus.lens_position", "0.25")
    assert lensbus(rack, "get", OAK, "CAM_A.focus.auto_focus_mode").out == "OFF\n"
    assert lensbus(rack, "get", OAK, "CAM_A.focus.lens_position").out == "0.25\n"


@pytest.mark.parametrize(
    ("code", "arguments", "sentence"),
    [
        (1, ("set", ALPHA, "iso", "ISO 7"), "is not one of the available values of iso"),
        (4, ("get", ALPHA, "nothing"), f"`lensbus get {ALPHA}` lists those that there are"),
        (4, ("set", OAK, "CAM_A.nothing", "1"), f"`lensbus get {OAK}` lists those that there are"),
        (4, ("get", OAK, "CAM_H.contrast"), "it has CAM_A, CAM_B, CAM_C, DEPTH_B_C, and ir"),
        (1, ("set", OAK, "CAM_A.contrast", "99"), "contrast: Input should be less than"),
        (5, ("get", CINEMA), f"connect it with `lensbus connect {CINEMA}`"),
        (5, ("still", OAK, "DEPTH_B_C"), "DEPTH_B_C is switched off"),
        (2, ("capture", OAK), f"take its picture with `lensbus still {OAK}`"),
        (2, ("connect", OAK, "--mode", "remote"), "is an OAK: it is connected without options"),
        (2, ("still", ALPHA, "CAM_A"), "it shows liveview"),
        (4, ("still", OAK, "CAM_Z"), "has no stream CAM_Z: it has CAM_A, CAM_B"),
        (4, ("streams", OAK, "--on", "CAM_H"), "it has CAM_A, CAM_B, CAM_C, DEPTH_B_C"),
        (2, ("download", ALPHA), "say one of --list, --newest N and --all"),
        (4, ("download", ALPHA, "NO.JPG"), "look with --list"),
        (2, ("connect", ALPHA, "--mode", "remot"), "expected remote, remote-transfer, contents"),
        (2, ("logs", "--level", "loud"), "expected debug, info, warn or error"),
        (2, ("status", "--url", "rack"), "'rack' is not the address of a system"),
        (2, ("fly",), "No such command 'fly'"),
    ],
)
def test_a_refusal_is_a_sentence_and_a_code(
    rack: System, code: int, arguments: tuple[str, ...], sentence: str
) -> None:
    done = lensbus(rack, *arguments, expect=code)
    assert sentence in " ".join(done.err.split())
    assert done.out == ""


def test_without_a_system_every_command_says_so() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    for command in (
        ("status",),
        ("cameras", "--json"),
        ("events",),
        ("logs",),
        ("connect", ALPHA),
        ("get", ALPHA),
        ("capture", ALPHA),
        ("streams", ALPHA),
        ("bench",),
    ):
        done = lensbus(None, *command, expect=3, LENSBUS_URL=nowhere)
        assert done.err.startswith(f"lensbus: no system answers at {nowhere} (Connection refused)")
        assert "`lensbus up`" in done.err


def test_a_tap_does_not_wait_for_a_broker_that_is_not_there(tmp_path: Path) -> None:
    done = lensbus(None, "tap", "--state", str(tmp_path), expect=3)
    assert "no broker answers at ipc://" in done.err


def test_what_is_no_lensbus_is_told(tmp_path: Path) -> None:
    serving = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory"]
    port = free_port()
    with subprocess.Popen([*serving, str(tmp_path), str(port)], stderr=subprocess.PIPE) as other:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: "refused" not in lensbus_error(url))
            assert "the answer was 404" in lensbus_error(url)
        finally:
            other.terminate()


def lensbus_error(url: str) -> str:
    for code in (3, 4):
        try:
            return lensbus(None, "cameras", expect=code, LENSBUS_URL=url).err
        except AssertionError:
            continue
    return "refused"


def test_a_capture_is_told_with_its_exposure_and_its_file(rack: System, tmp_path: Path) -> None:
    lensbus(rack, "disconnect", ALPHA)
    assert "remote mode" in lensbus(rack, "connect", ALPHA, "--mode", "remote").out
    lensbus(rack, "set", ALPHA, "still-image-store-destination", "Host PC")
    taken = lensbus(rack, "capture", ALPHA, "--output", str(tmp_path), "--json").json
    assert taken["exposures"] == 1
    (file,) = taken["files"]
    content = Path(file["savedPath"]).read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"])
    assert Path(file["copy"]).parent == tmp_path
    assert Path(file["copy"]).read_bytes() == content
    lensbus(rack, "set", ALPHA, "file-format", "RAW+JPEG")
    both = lensbus(rack, "capture", ALPHA, "--output", str(tmp_path), "--json").json["files"]
    assert {Path(one["copy"]).suffix for one in both} == {".ARW", ".JPG"}
    assert all(Path(one["copy"]).stat().st_size == one["size"] for one in both)
    lensbus(rack, "set", ALPHA, "file-format", "JPEG")
    lensbus(rack, "break", ALPHA, "not-exposed", "every=1")
    refused = lensbus(rack, "capture", ALPHA, expect=1).err
    assert "the camera took the press and exposed nothing" in refused
    lensbus(rack, "break", ALPHA, "--heal")
    lensbus(rack, "disconnect", ALPHA)
    lensbus(rack, "connect", ALPHA)
    assert "on its card" in lensbus(rack, "capture", ALPHA, "--no-focus").out


def test_stills_of_both_vendors_become_files(
    rack: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert lensbus(rack, "still", OAK).out.startswith(f"{OAK}-CAM_A.jpg (image/jpeg, ")
    told = lensbus(rack, "still", ALPHA, "-o", "view.jpg", "--json").json
    assert told["size"] == (tmp_path / "view.jpg").stat().st_size
    lensbus(rack, "still", OAK, "CAM_B", "--format", "png", "-o", "left.png")
    for name, size in ((f"{OAK}-CAM_A.jpg", 1920), ("view.jpg", 640), ("left.png", 640)):
        with Image.open(tmp_path / name) as picture:
            assert picture.width >= size
    assert lensbus(rack, "streams", ALPHA).out.split() == ["stream", "liveview", "off"]
    lensbus(rack, "still", OAK, "-o", "/nowhere/a.jpg", expect=2)


def test_a_still_goes_to_standard_output_as_it_is(rack: System) -> None:
    command = [sys.executable, "-m", "lensbus_deploy.cli", "still", OAK, "-o", "-"]
    done = subprocess.run(
        command, env=environ(names(rack)), capture_output=True, timeout=30, check=True
    )
    assert done.stdout.startswith(b"\xff\xd8")
    assert done.stdout.endswith(b"\xff\xd9")


def test_files_of_the_card_are_fetched_and_checked(rack: System) -> None:
    listed = lensbus(rack, "download", ALPHA, "--list", "--json").json
    first = listed[0]["path"].rpartition("/")[2]
    (told,) = lensbus(rack, "download", ALPHA, first, "--json").json
    assert told["checked"] is True
    assert told["size"] == listed[0]["size"] == Path(told["file"]).stat().st_size
    newest = lensbus(rack, "download", ALPHA, "--newest", "2").out.splitlines()
    assert len(newest) == 2
    assert all(line.endswith("size and SHA-256 are right)") for line in newest)


def test_a_file_of_the_card_is_copied_here_over_http(rack: System, tmp_path: Path) -> None:
    name = lensbus(rack, "download", ALPHA, "--list", "--json").json[1]["path"].rpartition("/")[2]
    (told,) = lensbus(rack, "download", ALPHA, name, "-o", str(tmp_path / "here"), "--json").json
    copied = Path(told["copy"])
    assert copied.parent == tmp_path / "here"
    assert copied.read_bytes() == Path(told["file"]).read_bytes()
    assert [entry.name for entry in copied.parent.iterdir()] == [copied.name]


def test_a_file_that_is_not_what_was_told_gets_no_name(rack: System, tmp_path: Path) -> None:
    (told,) = lensbus(rack, "download", ALPHA, "--newest", "1", "--json").json
    Path(told["file"]).write_bytes(b"somebody else wrote this")
    here = Remote(rack.url)
    with pytest.raises(Failure, match="is not what the camera sent: 24 bytes"):
        copy(here, ALPHA, told, tmp_path)
    with pytest.raises(Failure, match="is not what the camera sent: 24 bytes"):
        check_saved(told)
    with pytest.raises(Failure, match="No such file was saved"):
        copy(here, ALPHA, {**told, "file": "/etc/passwd"}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_off_is_told(rack: System) -> None:
    lensbus(rack, "break", ALPHA, "transfer-cut")
    refused = lensbus(rack, "download", ALPHA, "--newest", "1", expect=1).err
    assert "did not come, and nothing of it is left" in refused
    lensbus(rack, "break", ALPHA, "--heal")


def test_depth_switches_its_sensors_off_and_that_is_told(rack: System) -> None:
    done = lensbus(rack, "streams", OAK, "--on", "DEPTH_B_C", "--json")
    active = {stream["name"]: stream["active"] for stream in done.json}
    assert active == {"CAM_A": True, "CAM_B": False, "CAM_C": False, "DEPTH_B_C": True}
    assert "CAM_B went off: it and DEPTH_B_C are never on together" in done.err
    lensbus(rack, "streams", OAK, "--on", "CAM_B", "--on", "CAM_C", "--off", "DEPTH_B_C")
    listed = [line.split() for line in lensbus(rack, "streams", OAK).out.splitlines()[1:]]
    assert listed == [["CAM_A", "on"], ["CAM_B", "on"], ["CAM_C", "on"], ["DEPTH_B_C", "off"]]


def test_an_oak_is_shut_down_and_booted(rack: System) -> None:
    assert lensbus(rack, "disconnect", OAK_ONE).out == f"{OAK_ONE} is shut down\n"
    assert f"`lensbus connect {OAK_ONE}`" in lensbus(rack, "still", OAK_ONE, expect=5).err
    assert lensbus(rack, "connect", OAK_ONE).out == f"{OAK_ONE} is booted\n"
    wait_for(lambda: condition(rack, OAK_ONE) == "ready")


def condition(rack: System, camera: str) -> str:
    listed = lensbus(rack, "cameras", "--json").json
    return str(next(entry["condition"] for entry in listed if entry["id"] == camera))


def test_logs_are_lines_oldest_first(rack: System) -> None:
    entries = lensbus(rack, "logs", "--lines", "50", "--json").lines
    assert entries
    times = [entry["timestamp"] for entry in entries]
    assert times == sorted(times)
    of_one = lensbus(rack, "logs", "--camera", OAK[:9], "--json").lines
    assert {entry["cameraId"] for entry in of_one} == {OAK}
    assert "info" in lensbus(rack, "logs", "-n", "5").out


def test_the_bench_measures_and_leaves_the_camera_as_it_was(rack: System) -> None:
    before = lensbus(rack, "get", OAK, "CAM_A.brightness").out
    told = lensbus(rack, "bench", OAK, "--events", "--count", "4", "--json").json
    assert [row["what"] for row in told["measured"]] == ["gateway", "command", "event"]
    assert all(0 < row["p50_ms"] <= row["p99_ms"] <= row["max_ms"] for row in told["measured"])
    assert lensbus(rack, "get", OAK, "CAM_A.brightness").out == before


def test_a_shell_completes_commands_and_cameras(rack: System) -> None:
    assert completed(rack, "lensbus ca") == {"cameras", "capture"}
    assert completed(rack, "lensbus get D") == {ALPHA, CINEMA}


def completed(rack: System, typed: str) -> set[str]:
    variables = {
        "_LENSBUS_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "lensbus_deploy.cli"],
        env=environ({**names(rack), **variables}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return set(done.stdout.split())


def test_control_c_ends_what_follows_with_success(rack: System) -> None:
    for command in (["events"], ["tap"], ["logs", "--follow"]):
        child = subprocess.Popen(
            [sys.executable, "-m", "lensbus_deploy.cli", *command],
            env=environ(names(rack)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert child.stdout is not None
        with child.stdout:
            if command == ["logs", "--follow"]:
                assert child.stdout.readline()
            else:
                wait_for(partial(_says_something, rack, child), limit_s=20)
            child.send_signal(signal.SIGINT)
            assert child.wait(10) == 0, command


def _says_something(rack: System, child: "subprocess.Popen[str]") -> bool:
    """Have a camera tell something, and look whether it was printed."""
    assert child.stdout is not None
    now = lensbus(rack, "get", OAK, "CAM_A.sharpness").out.strip()
    lensbus(rack, "set", OAK, "CAM_A.sharpness", "2" if now == "1" else "1")
    return bool(select.select([child.stdout], [], [], 0.2)[0])
