import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lensbus_proto.runtime.settings import SonySettings
from lensbus_services.driver import Observation
from lensbus_services.sony.pulls import Pull, pull_path, take_pull
from lensbus_services.sony.saving import Places
from lensbus_services.sony.telling import PULL_S, Teller
from lensbus_services.sony.triggers import Triggers
from lensbus_services.sony.values import Found, Kind, Seen

CAPTURED = Seen(Kind.WARNING, code=0x20011)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.of(SonySettings(save_roots=("{state}/pictures",)), tmp_path, "CAM1")


@pytest.fixture
def triggers() -> Iterator[Triggers]:
    made = Triggers(1.0, lambda: 0.0, lambda _: None)
    yield made
    made.close()


@pytest.fixture
def teller(places: Places, triggers: Triggers, tmp_path: Path) -> Teller:
    made = Teller(Found("CAM1", "ILCE-7M4"), places, pull_path(tmp_path, "CAM1"), triggers)
    made.has_host_files = True
    folder = places.prepare_default()
    places.incoming(folder).prepare()
    made.save_to(folder, places.incoming(folder))
    return made


def told(teller: Teller, seen: Seen) -> list[tuple[str, Any]]:
    return [(one.kind, dict(one.data)) for one in teller.tell(seen)]


def downloaded(name: str) -> Seen:
    return Seen(Kind.DOWNLOADED, code=0xFFFFFFFF, text=name, raw=name.encode())


def arrive(places: Places, name: str, content: bytes = b"picture") -> str:
    file = places.incoming(places.default).path / name
    file.write_bytes(content)
    return str(file)


def test_exposure_and_files_name_the_trigger(
    teller: Teller, triggers: Triggers, places: Places
) -> None:
    with triggers.trigger("full_press") as capture:
        pass
    assert told(teller, CAPTURED)[0][1]["capture"] == capture.id
    for name in ("DSC1.ARW", "DSC1.JPG"):
        ((kind, data),) = told(teller, downloaded(arrive(places, name, name.encode())))
        assert (kind, data["capture"]) == ("downloadComplete", capture.id)
        assert data["savedPath"] == str(places.default / name)
        assert data["sha256"] == hashlib.sha256(name.encode()).hexdigest()


def test_a_file_that_is_not_there_is_no_file(teller: Teller) -> None:
    ((kind, data),) = told(teller, downloaded("/etc/passwd"))
    assert (kind, data["code"], data["filename"]) == (
        "transfer.failed",
        "transfer.unusable",
        "passwd",
    )


def test_a_file_may_arrive_in_the_folder_of_before(teller: Teller, places: Places) -> None:
    name = arrive(places, "DSC1.JPG")
    other = places.prepare("path", str(places.roots[0] / "other"))
    elsewhere = places.incoming_settings()
    teller.save_to(other, elsewhere)
    assert told(teller, downloaded(name))[0][1]["savedPath"] == str(places.default / "DSC1.JPG")


def test_a_pull_is_noted_until_it_ends(teller: Teller, places: Places, tmp_path: Path) -> None:
    teller.begin_pull(Pull(7, 1))
    assert pull_path(tmp_path, "CAM1").exists()
    name = arrive(places, "A.JPG")
    done = Seen(Kind.TRANSFER, code=0x20093, params=(100, 0, 0), text=name, raw=name.encode())
    ((kind, data),) = told(teller, done)
    assert (kind, data["contentId"], data["size"]) == ("transferProgress", 7, 7)
    assert teller.pull is None
    assert take_pull(pull_path(tmp_path, "CAM1")) is None


def test_a_pull_that_fails_leaves_nothing(teller: Teller, places: Places) -> None:
    teller.begin_pull(Pull(7, 1))
    name = arrive(places, "A.JPG", b"half")
    failed = Seen(Kind.TRANSFER, code=0x20094, params=(50, 0, 0), text=name, raw=name.encode())
    assert [kind for kind, _ in told(teller, failed)] == ["transferProgress", "transfer.failed"]
    assert not Path(name).exists()


def test_a_pull_that_nobody_speaks_of_any_more_is_given_up(teller: Teller) -> None:
    teller.begin_pull(Pull(7, 1))
    began = teller._heard_at
    assert list(teller.overdue_pull(began + PULL_S)) == []
    (given_up,) = teller.overdue_pull(began + PULL_S + 1)
    assert (given_up.kind, given_up.data["code"]) == ("transfer.failed", "camera.timeout")
    assert list(teller.overdue_pull(began + PULL_S + 2)) == []


def test_the_end_of_the_connection_ends_pull_and_trigger(
    teller: Teller, triggers: Triggers
) -> None:
    teller.begin_pull(Pull(7, 1))
    with triggers.trigger("full_press"):
        pass
    lost: list[Observation] = list(teller.lose(5, "requested"))
    assert [one.kind for one in lost] == ["transfer.failed", "capture.unknown"]
    assert lost[0].data["code"] == "camera.gone"
    assert list(teller.lose(6, "requested")) == []


def test_a_card_that_is_full_is_no_failure_of_the_host(teller: Teller) -> None:
    teller.has_host_files = False
    assert [kind for kind, _ in told(teller, Seen(Kind.WARNING, code=0x20003))] == ["warning"]


def test_a_picture_that_could_not_be_fetched_is_told_with_its_capture(
    teller: Teller, triggers: Triggers
) -> None:
    with triggers.trigger("full_press") as capture:
        pass
    told(teller, CAPTURED)
    kinds = told(teller, Seen(Kind.WARNING, code=0x20005))
    assert [kind for kind, _ in kinds] == ["warning", "transfer.failed"]
    assert kinds[1][1]["capture"] == capture.id
