"""What makes a camera ready, with a commander that says what a test wants."""

import asyncio
from collections.abc import Mapping
from typing import Any

from lensbus_gateway.readiness import KEPT_S, Readiness, Verdict, fault_of
from lensbus_proto.errors import (
    CameraBusy,
    CameraGone,
    CommandError,
    DeadlinePassed,
    NotConnected,
    WorkerAbsent,
)
from lensbus_proto.messages import Reply

Answers = Mapping[tuple[str, str], Mapping[str, Any] | CommandError]


class FakeCommander:
    def __init__(self, answers: Answers) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, str]] = []

    async def send(
        self,
        camera: str,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        deadline_s: float = 5.0,
    ) -> Reply:
        assert deadline_s <= 2.0, "nobody may wait long for /readyz"
        self.asked.append((camera, name))
        await asyncio.sleep(0)
        found = self.answers[camera, name]
        if isinstance(found, CommandError):
            raise found
        return Reply("1", found)


class FakePictures:
    def __init__(self, **ages_s: float) -> None:
        self._ages_s = {("A", stream): age_s for stream, age_s in ages_s.items()}

    def ages_s(self) -> Mapping[tuple[str, str], float]:
        return self._ages_s


def entry(camera: str = "A", vendor: str = "sony", **more: Any) -> dict[str, Any]:
    return {"camera": camera, "vendor": vendor, "state": "present", "description": {}, **more}


def system(
    *entries: Mapping[str, Any], degraded: bool = False, **answers: Any
) -> dict[tuple[str, str], Any]:
    """Return the answers of a broker, and of camera A by the names of commands."""
    return {
        ("", "cameras"): {"cameras": list(entries)},
        ("", "metrics"): {"journal_degraded": degraded},
        **{("A", name.replace("_", ".")): answer for name, answer in answers.items()},
    }


def look(answers: Answers, *expected: str, **ages_s: float) -> Verdict:
    readiness = Readiness(FakeCommander(answers), FakePictures(**ages_s), expected)
    return asyncio.run(readiness.look())


def reason(verdict: Verdict) -> str:
    (one,) = verdict.cameras
    assert not one.ready
    assert not verdict.ready
    return one.reason


def test_a_camera_whose_sdk_answers_is_ready() -> None:
    verdict = look(system(entry(), properties_get={"properties": []}))
    assert verdict.ready
    assert [one.ready for one in verdict.cameras] == [True]


def test_a_camera_that_nobody_connected_is_ready_and_says_so() -> None:
    verdict = look(system(entry(), properties_get=NotConnected("no"), connection={"wished": False}))
    assert verdict.ready
    assert verdict.cameras[0].reason == "nobody has connected it"


def test_a_camera_whose_wished_connection_is_lost_is_not_ready() -> None:
    answers = system(entry(), properties_get=NotConnected("no"), connection={"wished": True})
    assert reason(look(answers)).startswith("its connection is lost")


def test_a_busy_camera_is_not_a_lost_camera() -> None:
    verdict = look(system(entry(), properties_get=CameraBusy("it writes")))
    assert verdict.ready
    assert verdict.cameras[0].reason == "busy: it writes"


def test_a_process_without_an_answering_camera_is_not_ready() -> None:
    answers = system(entry(vendor="oak"), stats=CameraGone("the link is lost"))
    assert reason(look(answers)) == "the link is lost (camera.gone)"
    answers = system(entry(), properties_get=DeadlinePassed("no answer within 1 s"))
    assert "command.deadline" in reason(look(answers))


def test_an_oak_camera_that_a_client_shut_down_is_ready() -> None:
    verdict = look(system(entry(vendor="oak"), stats=NotConnected("off")))
    assert verdict.ready
    assert "shut down" in verdict.cameras[0].reason


def test_a_watched_stream_without_new_pictures_is_a_reason() -> None:
    assert look(system(entry(), properties_get={}), liveview=0.2).ready
    assert "liveview is 9 s old" in reason(look(system(entry()), liveview=9.0))


def test_an_expected_camera_that_nobody_knows_is_a_reason() -> None:
    verdict = look(system(entry(), properties_get={}), "A", "B")
    assert not verdict.ready
    assert [(one.camera, one.ready) for one in verdict.cameras] == [("A", True), ("B", False)]


def test_a_degraded_journal_is_said_and_does_not_count() -> None:
    verdict = look(system(entry(), degraded=True, properties_get={}))
    assert verdict.ready
    assert verdict.journal.startswith("degraded")


def test_without_a_broker_nothing_is_ready() -> None:
    answers = {("", name): WorkerAbsent("cannot be reached") for name in ("cameras", "metrics")}
    verdict = look(answers, "B")
    assert not verdict.ready
    assert verdict.broker == "cannot be reached"
    assert not look(answers).ready
    assert [one.camera for one in verdict.cameras] == ["B"]


def test_what_a_broker_says_that_makes_no_sense_is_no_verdict() -> None:
    assert not look({("", "cameras"): {"cameras": 7}, ("", "metrics"): {}}).ready


def test_all_who_ask_at_once_share_one_look() -> None:
    commander = FakeCommander(system(entry(), properties_get={}))

    async def ask() -> int:
        readiness = Readiness(commander, FakePictures())
        await asyncio.gather(*(readiness.look() for _ in range(50)))
        await readiness.look()
        return commander.asked.count(("", "cameras"))

    assert KEPT_S >= 0.5
    assert asyncio.run(ask()) == 1


def test_who_stops_waiting_takes_the_look_from_nobody() -> None:
    commander = FakeCommander(system(entry(), properties_get={}))

    async def ask() -> bool:
        readiness = Readiness(commander, FakePictures())
        impatient = asyncio.create_task(readiness.look())
        patient = asyncio.create_task(readiness.look())
        await asyncio.sleep(0)
        impatient.cancel()
        return (await patient).ready

    assert asyncio.run(ask())


def test_a_lost_a_stuck_and_a_failed_worker_are_three_reasons() -> None:
    assert fault_of(entry()) == ""
    assert "lost" in fault_of(entry(state="lost"))
    assert "GetLiveView" in fault_of(entry(stuck="GetLiveView"))
    assert "died 5 times" in fault_of(entry(description={"failed": 5}))
