"""The shim against libraries that have CrSDK's names and the callback tables of its versions."""

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lensbus_proto.errors import CameraBusy, NotConnected, Refused, Unsupported
from lensbus_proto.runtime.settings import SonySettings
from lensbus_services.sony.callbacks import Queue
from lensbus_services.sony.codes import error_of
from lensbus_services.sony.discover import open_sdk
from lensbus_services.sony.link import Link
from lensbus_services.sony.sdk import Sdk
from lensbus_services.sony.values import Credentials, Kind, Seen

SOURCE = Path(__file__).parents[1] / "kit" / "fake_sdk.cpp"
VERSIONS = {12: 0x010C0000, 18: 0x010E0000, 19: 0x02000000, 21: 0x02020100}

Build = Callable[[int, int], Path]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("fake-sdk")

    def build(version: int, slots: int) -> Path:
        library = folder / f"libfake-{version:08x}-{slots}.so"
        if not library.exists():
            options = ["-std=c++17", "-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-Bsymbolic"]
            defines = [f"-DVERSION={version}", f"-DSLOTS={slots}"]
            command = ["g++", *options, *defines, str(SOURCE), "-o", str(library)]
            subprocess.run(command, check=True, timeout=60)
        return library

    return build


@pytest.fixture
def queue() -> Iterator[Queue]:
    queue = Queue()
    yield queue
    queue.close()
    queue.free()


def called_back(sdk: Sdk, queue: Queue) -> list[Seen]:
    """Connect to the one camera there is, and return all that the SDK called."""
    cameras = sdk.enumerate(1)
    link = Link(sdk, queue, 7)
    assert link.connect(cameras, 0, 0, False, Credentials()) == 0
    link.release()
    cameras.close()
    seen = []
    while (one := queue.next(0.0)) is not None:
        seen.append(one)
    return seen


@pytest.mark.parametrize("slots", [12, 18, 19, 21])
def test_each_version_gets_its_callbacks_in_the_right_slots(
    slots: int, build: Build, queue: Queue
) -> None:
    sdk = Sdk(build(VERSIONS[slots], slots), 0)
    sdk.acquire()
    try:
        assert sdk.slots == slots
        seen = {one.kind: one for one in called_back(sdk, queue)}
    finally:
        sdk.release()

    assert seen[Kind.CONNECTED].code == 300
    assert seen[Kind.PROPERTIES].codes == (0x104, 0x799)
    assert (seen[Kind.DOWNLOADED].text, seen[Kind.DOWNLOADED].code) == ("/tmp/a.jpg", 0xFFFFFFFF)
    contents = seen[Kind.CONTENTS]
    assert (contents.code, contents.handle, contents.text) == (0x20025, 42, "/tmp/a.jpg")
    assert seen[Kind.WARNING].code == 0x20011
    assert seen[Kind.WARNING_EXT].params == (2, -3, 4)
    assert seen[Kind.ERROR].code == 0x8208
    assert seen[Kind.DISCONNECTED].code == 0x8207
    assert (Kind.OPERATION in seen) == (slots == 21)
    assert (Kind.TRANSFER in seen) == (slots >= 18)
    if slots >= 18:
        assert seen[Kind.TRANSFER].params[0] == 100
        assert seen[Kind.CARD_CHANGED].params[:2] == (1, 5)


def test_every_callback_is_told_once_with_its_link_and_its_time(build: Build, queue: Queue) -> None:
    sdk = Sdk(build(VERSIONS[21], 21), 0)
    sdk.acquire()
    try:
        seen = called_back(sdk, queue)
    finally:
        sdk.release()
    assert [one.kind for one in seen] == [
        Kind.CONNECTED,
        Kind.PROPERTIES,
        Kind.DOWNLOADED,
        Kind.OPERATION,
        Kind.CONTENTS,
        Kind.WARNING,
        Kind.WARNING_EXT,
        Kind.ERROR,
        Kind.TRANSFER,
        Kind.CARD_CHANGED,
        Kind.DISCONNECTED,
    ]
    assert {one.link for one in seen} == {7}
    assert all(one.time_us > 1_700_000_000_000_000 for one in seen)


def test_a_burst_is_folded_but_exposures_files_and_errors_are_kept(
    build: Build, queue: Queue
) -> None:
    sdk = Sdk(build(VERSIONS[21], 21), 0)
    sdk.acquire()
    cameras = sdk.enumerate(1)
    link = Link(sdk, queue, 1)
    for _ in range(50):
        link.connect(cameras, 0, 0, False, Credentials())
    link.release()
    cameras.close()
    sdk.release()
    seen = Counter[Kind]()
    while (one := queue.next(0.0)) is not None:
        seen[one.kind] += 1
        if one.kind is Kind.PROPERTIES:
            assert one.codes == (0x104, 0x799)
    assert seen.pop(Kind.PROPERTIES) == 6  # those of the first 64 callbacks
    assert set(seen.values()) == {50}


def test_a_reader_that_does_not_read_is_told_how_much_it_lost(build: Build, queue: Queue) -> None:
    sdk = Sdk(build(VERSIONS[21], 21), 0)
    sdk.acquire()
    cameras = sdk.enumerate(1)
    link = Link(sdk, queue, 1)
    times = 6600
    for _ in range(times):
        link.connect(cameras, 0, 0, False, Credentials())
    lost = 6 + times * 10 - 65_536
    for _ in range(20):
        assert queue.next(0.0) is not None
    link.connect(cameras, 0, 0, False, Credentials())
    link.release()
    cameras.close()
    sdk.release()
    dropped = []
    while (one := queue.next(0.0)) is not None:
        dropped.append(one.dropped)
    assert [count for count in dropped if count] == [lost]


@pytest.mark.parametrize("version", [0x01050000, 0x010B0000, 0x02030000, 0x03000000])
def test_an_unknown_version_is_refused_by_its_name(version: int, build: Build) -> None:
    sdk = Sdk(build(version, 21), 0)
    with pytest.raises(Unsupported, match=rf"V{version >> 24}\.{version >> 16 & 0xFF:02}\.00"):
        sdk.acquire()


def test_an_override_takes_an_unknown_version(build: Build, queue: Queue) -> None:
    sdk = Sdk(build(0x02030000, 21), 21)
    sdk.acquire()
    try:
        assert sdk.slots == 21
        assert Kind.OPERATION in {one.kind for one in called_back(sdk, queue)}
    finally:
        sdk.release()


def test_the_override_is_a_setting(build: Build, tmp_path: Path) -> None:
    library = str(build(0x02030000, 21))
    with pytest.raises(Unsupported, match=r"sony\.callback_slots"):
        open_sdk(SonySettings(library=library), tmp_path)
    sdk = open_sdk(SonySettings(library=library, callback_slots=21), tmp_path)
    assert sdk.slots == 21
    sdk.release()


def test_an_override_cannot_invent_a_table(build: Build) -> None:
    with pytest.raises(Unsupported, match="no callback table has 20 slots"):
        Sdk(build(0x02030000, 21), 20).acquire()


def test_a_library_that_is_none_or_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="no-such"):
        Sdk(tmp_path / "no-such.so", 0).acquire()
    with pytest.raises(Unsupported, match="no function Init"):
        Sdk(Path("libm.so.6"), 0).acquire()


def test_an_id_that_is_not_printable_becomes_hex_digits(build: Build) -> None:
    sdk = Sdk(build(VERSIONS[19], 19), 0)
    sdk.acquire()
    cameras = sdk.enumerate(1)
    try:
        assert [(found.camera, found.model) for found in cameras.found] == [
            ("1AFF002B", "ILCE-FAKE")
        ]
    finally:
        cameras.close()
        cameras.close()
        sdk.release()


def test_what_the_sdk_lacks_and_what_it_refuses_are_two_errors(build: Build, queue: Queue) -> None:
    sdk = Sdk(build(VERSIONS[12], 12), 0)
    sdk.acquire()
    cameras = sdk.enumerate(1)
    link = Link(sdk, queue, 1)
    link.connect(cameras, 0, 0, False, Credentials())
    try:
        with pytest.raises(Unsupported, match="no such function"):
            link.card_files(1)
        with pytest.raises(Refused) as refused:
            link.setting(0)
        assert (refused.value.vendor_code, refused.value.operation) == (0x8402, "GetDeviceSetting")
        with pytest.raises(CameraBusy):
            link.command(0, 1)
    finally:
        link.release()
        cameras.close()
        sdk.release()
    with pytest.raises(NotConnected):
        link.command(0, 1)


def test_an_error_names_its_operation_and_its_number() -> None:
    error = error_of(0x8402, "SendCommand")
    assert error.message == "SendCommand answered 0x8402 Api_InvalidCalled"
