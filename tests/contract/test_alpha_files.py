"""Cards in pages, settings files and look-up tables on the Alpha surface."""

from typing import Any

import pytest

from kit.fake_commander import Surface
from kit.fake_sony import FakeSony, card_file
from lensbus_gateway.alpha.routes import routes
from lensbus_proto.errors import NotConnected, WorkerAbsent

CAMERA = "/api/cameras/D10F60149B0C"
CARD = f"{CAMERA}/sd-card/slot/1/files"

# What leads out of a folder, or is no name at all: A08 of the fault matrix.
TRAVERSALS = (
    "../x",
    "..",
    ".",
    ".hidden",
    "a/../../x",
    "/etc/passwd",
    "..\\x",
    "C:\\x",
    "C:x",
    "%2e%2e%2fx",
    "a\x00b",
    "a\nb",
    "a\u2028b",
    "x" * 256,
    "é" * 128,
    "\\\\host\\share",
    "~/x/",
    "/dev/null",
)


@pytest.fixture
def sony() -> FakeSony:
    return FakeSony(mode="remote-transfer")


@pytest.fixture
def surface(sony: FakeSony) -> Surface:
    return Surface(routes, sony)


class TestPages:
    @pytest.fixture(autouse=True)
    def card(self, sony: FakeSony) -> None:
        sony.card = [
            card_file(number, size=100 - number, created=[2026, 1, 1, number % 3, 0, 0])
            for number in range(10)
        ]
        sony.page = 4

    def numbers(self, surface: Surface, query: str) -> list[int]:
        body = surface.get(CARD + query).json()
        assert body["total"] == 10
        assert body["file_count"] == len(body["files"])
        return [file["content_id"] - 131300 for file in body["files"]]

    def test_a_list_longer_than_a_reply_is_whole(self, surface: Surface) -> None:
        assert self.numbers(surface, "") == list(range(10))
        assert [asked["offset"] for asked in surface.commander.asked("card.list")] == [0, 4, 8]

    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ("?limit=3", [0, 1, 2]),
            ("?offset=8", [8, 9]),
            ("?offset=2&limit=6", [2, 3, 4, 5, 6, 7]),
            ("?limit=0", []),
            ("?offset=10", []),
            ("?offset=99", []),
            ("?sort=-name&limit=2", [9, 8]),
            ("?sort=size", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            ("?sort=created&limit=4", [0, 3, 6, 9]),
            ("?sort=-created&offset=1&limit=2", [5, 2]),
        ],
    )
    def test_a_client_may_ask_for_an_order_and_a_part(
        self, surface: Surface, query: str, numbers: list[int]
    ) -> None:
        assert self.numbers(surface, query) == numbers

    @pytest.mark.parametrize(
        "query",
        ["?limit=-1", "?offset=x", "?limit=1e3", "?limit=9999999", "?sort=colour", "?sort="],
    )
    def test_a_wrong_question_is_refused(self, surface: Surface, query: str) -> None:
        answer = surface.get(CARD + query)

        assert (answer.status_code, surface.commander.sent) == (400, [])

    def test_a_card_that_shrinks_meanwhile_ends_the_list(
        self, surface: Surface, sony: FakeSony
    ) -> None:
        listed = sony.do_card_list

        def shrinking(slot: int, offset: int = 0, limit: int = 100) -> dict[str, Any]:
            return {"files": [] if offset else listed(slot, 0, limit)["files"], "total": 10}

        sony.do_card_list = shrinking  # type: ignore[method-assign]  # for this test

        assert len(surface.get(CARD).json()["files"]) == 4


class TestSettingsFiles:
    def test_settings_are_saved_under_a_name(self, surface: Surface) -> None:
        plain = surface.post(f"{CAMERA}/settings/download").json()
        named = surface.post(f"{CAMERA}/settings/download", json={"filename": "b.DAT"}).json()

        assert plain["data"] == {"filename": "CUMSET.DAT", "path": "/settings/CUMSET.DAT"}
        assert named["data"]["filename"] == "b.DAT"

    def test_settings_are_loaded_from_a_file_that_is_there(self, surface: Surface) -> None:
        good = surface.post(f"{CAMERA}/settings/upload", json={"filename": "CUMSET.DAT"})
        bad = surface.post(f"{CAMERA}/settings/upload", json={"filename": "other.DAT"})
        none = surface.post(f"{CAMERA}/settings/upload")

        assert set(good.json()["data"]) == {"filename", "warning"}
        assert (bad.status_code, none.status_code) == (400, 400)
        assert none.json()["message"] == "Missing 'filename' in request body"

    @pytest.mark.parametrize("path", ["settings/download", "settings/upload"])
    @pytest.mark.parametrize("name", [*TRAVERSALS, 5, ["a"]])
    def test_no_name_leads_out_of_the_folder(self, surface: Surface, path: str, name: Any) -> None:
        answer = surface.post(f"{CAMERA}/{path}", json={"filename": name})

        assert (answer.status_code, surface.commander.sent) == (400, [])
        assert answer.json()["message"] == "'filename' must be the bare name of a file"

    def test_files_are_listed_without_a_connection(self, surface: Surface, sony: FakeSony) -> None:
        sony.mode = None

        body = surface.get(f"{CAMERA}/settings/files").json()

        assert (body["files"], body["count"]) == (["CUMSET.DAT"], 1)

    def test_a_camera_that_nobody_knows_has_no_files(self, surface: Surface) -> None:
        answer = surface.get("/api/cameras/NOBODY/settings/files")

        assert (answer.status_code, answer.json()["files"]) == (200, [])

    def test_files_of_a_camera_whose_worker_is_away_are_not_denied(self, surface: Surface) -> None:
        surface.commander.fail_with("settings.files", WorkerAbsent("no worker"))

        assert surface.get(f"{CAMERA}/settings/files").status_code == 400


class TestLookUpTables:
    PATH = f"{CAMERA}/lut/import"

    @pytest.mark.parametrize(("body", "slot"), [({}, 1), ({"slot": 16}, 16), ({"slot": None}, 1)])
    def test_an_import_is_taken_up(self, surface: Surface, body: Any, slot: int) -> None:
        answer = surface.post(self.PATH, json={"filePath": "/luts/a.cube", **body})

        assert answer.status_code == 202
        assert answer.json()["data"] == {"slot": slot, "file": "/luts/a.cube"}

    @pytest.mark.parametrize(
        "body",
        [
            None,
            {"filePath": ""},
            {"filePath": 5},
            *({"filePath": "/luts/a", "slot": slot} for slot in (0, 17, "1", 1.0, True)),
        ],
    )
    def test_a_wrong_field_is_refused(self, surface: Surface, body: Any) -> None:
        answer = surface.post(self.PATH, json=body)

        assert (answer.status_code, surface.commander.sent) == (400, [])

    @pytest.mark.parametrize("path", TRAVERSALS)
    def test_what_the_worker_refuses_is_refused(self, surface: Surface, path: str) -> None:
        answer = surface.post(self.PATH, json={"filePath": path})

        assert answer.status_code == 400
        assert answer.json()["success"] is False

    def test_without_a_connection_there_is_no_import(self, surface: Surface) -> None:
        surface.commander.fail_with("lut.import", NotConnected("not connected"))

        answer = surface.post(self.PATH, json={"filePath": "/luts/a.cube"})

        assert (answer.status_code, answer.json()["message"]) == (400, "Camera not connected")
