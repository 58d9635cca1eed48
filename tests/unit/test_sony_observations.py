from pathlib import Path
from typing import Any

import pytest

from lensbus_services.driver import Observation
from lensbus_services.sony.incoming import Saved
from lensbus_services.sony.observations import (
    Scene,
    contents_transfer,
    disconnected,
    download_complete,
    observe,
    transfer_failed,
    transfer_progress,
)
from lensbus_services.sony.pulls import Pull
from lensbus_services.sony.values import Found, Kind, Seen

FOUND = Found("D10F60149B0C", "ILCE-7M4")
SCENE = Scene(FOUND)
SAVED = Saved(Path("/pictures/A.JPG"), 5, "abc")


def told(seen: Seen, scene: Scene = SCENE) -> tuple[str, Any]:
    observation = observe(seen, scene)
    assert observation is not None
    return observation.kind, dict(observation.data)


def test_connected_names_the_camera() -> None:
    assert told(Seen(Kind.CONNECTED, code=300)) == (
        "connected",
        {"id": "D10F60149B0C", "model": "ILCE-7M4"},
    )


def test_the_time_is_that_of_the_callback() -> None:
    observation = observe(Seen(Kind.WARNING, time_us=17, code=0x20011), SCENE)
    assert observation is not None
    assert observation.time_us == 17


def test_an_exposure_is_a_warning_with_its_name() -> None:
    assert told(Seen(Kind.WARNING, code=0x20011)) == (
        "warning",
        {"code": "0x20011", "message": "Captured_Event"},
    )


def test_a_warning_of_a_newer_sdk_is_told_with_its_number() -> None:
    assert told(Seen(Kind.WARNING, code=0x2FFFF))[1]["message"] == "unknown(0x2ffff)"
    assert told(Seen(Kind.WARNING_EXT, code=0x60099))[1]["code"] == "0x60099"


def test_the_metered_level_is_no_change() -> None:
    assert observe(Seen(Kind.PROPERTIES, codes=(0x799,)), SCENE) is None
    assert told(Seen(Kind.PROPERTIES, codes=(0x104, 0x799, 0x105))) == (
        "propertyChanged",
        {"codes": ["0x104", "0x105"], "count": 2},
    )


@pytest.mark.parametrize(
    ("parameter", "state", "detail"),
    [
        (1, "unlocked", "Unlocked"),
        (2, "focused", "Focused_AF_S"),
        (3, "unlocked", "NotFocused_AF_S"),
        (5, "tracking", "TrackingSubject_AF_C"),
        (6, "focused", "Focused_AF_C"),
        (7, "unlocked", "NotFocused_AF_C"),
        (8, "tracking", "Unpause"),
        (9, "tracking", "Pause"),
        (77, "tracking", "unknown(77)"),
    ],
)
def test_autofocus_has_three_states(parameter: int, state: str, detail: str) -> None:
    assert told(Seen(Kind.WARNING_EXT, code=0x60001, params=(parameter, 0, 0))) == (
        "afStatus",
        {"state": state, "detail": detail, "source": "OnWarningExt"},
    )


def test_autofocus_through_the_other_callback_is_unlocked() -> None:
    assert told(Seen(Kind.WARNING, code=0x60001))[1] == {
        "state": "unlocked",
        "source": "OnWarning",
    }


@pytest.mark.parametrize(
    ("code", "kind", "data"),
    [
        (0x20001, "reconnected", {}),
        (0x20002, "reconnecting", {}),
        (0x2000B, "formatResult", {"success": True}),
        (0x20009, "formatResult", {"success": False}),
        (0x2001B, "formatResult", {"success": False, "canceled": True}),
        (0x2006C, "focusResult", {"success": True}),
        (0x2006D, "focusResult", {"success": False}),
        (0x20028, "settingsResult", {"operation": "read", "success": True}),
        (0x2002A, "settingsResult", {"operation": "save", "success": False}),
        (0x2008C, "cautionDisplay", {"message": "CautionDisplay"}),
    ],
)
def test_some_warnings_are_kinds_of_their_own(code: int, kind: str, data: dict[str, Any]) -> None:
    assert told(Seen(Kind.WARNING, code=code)) == (kind, data)


def test_the_result_of_a_look_names_its_slot() -> None:
    scene = Scene(FOUND, lut_slot=5)
    assert told(Seen(Kind.WARNING, code=0x20043), scene) == (
        "lutImportResult",
        {"slot": 5, "success": True, "status": "success"},
    )
    assert told(Seen(Kind.WARNING, code=0x20047), scene) == (
        "lutImportResult",
        {"slot": 5, "success": False, "status": "storage_full", "error": "storage_full"},
    )


def test_an_exposure_names_its_capture() -> None:
    scene = Scene(FOUND, capture=17)
    assert told(Seen(Kind.WARNING, code=0x20011), scene)[1] == {
        "code": "0x20011",
        "message": "Captured_Event",
        "capture": 17,
    }


def test_a_whole_file_has_path_size_and_hash() -> None:
    assert download_complete(5, SAVED, "image", 17) == Observation(
        "downloadComplete",
        5,
        {
            "filename": "/pictures/A.JPG",
            "savedPath": "/pictures/A.JPG",
            "type": "image",
            "size": 5,
            "sha256": "abc",
            "capture": 17,
        },
    )
    assert "capture" not in download_complete(5, SAVED, "settings", None).data


def test_progress_of_a_pull_names_what_is_pulled_and_no_file_that_is_not_there() -> None:
    on_the_way = Seen(Kind.TRANSFER, code=0x20099, params=(40, 0, 0), text="/in/A.JPG")
    assert transfer_progress(on_the_way, Pull(131301, 1)).data == {
        "percent": 40,
        "notify": "0x20099",
        "contentId": 131301,
        "fileId": 1,
        "filename": "A.JPG",
        "savedPath": "",
    }
    done = Seen(Kind.TRANSFER, code=0x20093, params=(100, 0, 0), text="A.JPG")
    whole = transfer_progress(done, Pull(131301, 1), SAVED).data
    assert (whole["savedPath"], whole["size"], whole["sha256"]) == ("/pictures/A.JPG", 5, "abc")


@pytest.mark.parametrize("code", [0x20094, 0x20095])
def test_a_failed_pull_says_why(code: int) -> None:
    data = transfer_progress(Seen(Kind.TRANSFER, code=code, params=(55, 0, 0)), None).data
    assert data["percent"] == 55
    assert data["error"].startswith("RemoteTransfer_Result_")


def test_contents_transfer_names_only_readable_files() -> None:
    started = Seen(Kind.CONTENTS, code=0x20025, handle=0xABC, text="DSC1.JPG")
    assert contents_transfer(started).data == {
        "status": "started",
        "handle": "0xabc",
        "filename": "DSC1.JPG",
        "files": ["DSC1.JPG"],
    }
    broken = Seen(Kind.CONTENTS, code=0x20021, handle=1, text="\x01")
    assert contents_transfer(broken).data == {"status": "error", "handle": "0x1", "files": []}


def test_a_failed_transfer_says_what_it_was_about() -> None:
    assert transfer_failed(5, "transfer.cut", "no", Pull(7, 1, "thumbnail"), "A.JPG", 17).data == {
        "code": "transfer.cut",
        "message": "no",
        "filename": "A.JPG",
        "contentId": 7,
        "fileId": 1,
        "what": "thumbnail",
        "capture": 17,
    }


def test_results_of_operations_are_told() -> None:
    refused = Seen(Kind.WARNING_EXT, code=0x60002, params=(2, 0x104, 4))
    assert told(refused) == (
        "operationResult",
        {"operation": "SetDeviceProperty 0x104", "result": "CameraStatusError"},
    )
    assert told(Seen(Kind.OPERATION, code=0x20069))[1]["result"] == (
        "MovieRecordingOperation_Result_OK"
    )


def test_an_error_has_eight_digits_and_a_name() -> None:
    assert told(Seen(Kind.ERROR, code=0x8208)) == (
        "error",
        {"code": "0x00008208", "message": "Connect_TimeOut"},
    )


def test_nothing_is_told_of_what_clients_do_not_know() -> None:
    assert observe(Seen(Kind.CARD_CHANGED, code=0x20097), SCENE) is None
    assert observe(Seen(Kind.DISCONNECTED, code=0), SCENE) is None


def test_a_lost_link_says_its_error_in_both_forms() -> None:
    assert disconnected(FOUND, 5, 0x820B) == Observation(
        "disconnected",
        5,
        {
            "id": "D10F60149B0C",
            "error": "0x0000820B",
            "errorCode": "0x820b",
            "reason": "Connect_FailBusy",
        },
    )
    without = disconnected(FOUND, 5, reason="requested").data
    assert (without["error"], without["errorCode"]) == ("0x00000000", "0x0")
