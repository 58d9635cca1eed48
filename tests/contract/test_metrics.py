"""`GET /metrics` of a gateway on a real broker, read as Prometheus reads it."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import zmq
from prometheus_client.parser import text_string_to_metric_families

from kit.bus import client, running_broker, running_worker
from kit.fake_driver import FakeDriver
from kit.gateway import RunningGateway, Wire, running_gateway
from kit.processes import ROOT, wait_for
from lensbus_gateway.exposition import COUNTER, Metric, render
from lensbus_proto.codec import pack_presence
from lensbus_proto.messages import Crashes, Ended, Goodbye, Hello, Past
from lensbus_proto.runtime.settings import Settings

Values = dict[str, float]


@pytest.fixture
def gateway(settings: Settings) -> Iterator[RunningGateway]:
    with running_broker(settings), running_gateway(settings) as gateway:
        yield gateway


def fetch(gateway: RunningGateway) -> str:
    with Wire(gateway.address) as wire:
        wire.request("/metrics")
        status, headers, body = wire.answer()
    assert status == 200
    assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return body.decode()


def scrape(gateway: RunningGateway) -> Values:
    """Return every value; what has a source is under `name source`."""
    return {
        " ".join(filter(None, (sample.name, sample.labels.get("source")))): sample.value
        for family in text_string_to_metric_families(fetch(gateway))
        for sample in family.samples
    }


def test_events_and_deliveries_are_counted(gateway: RunningGateway, settings: Settings) -> None:
    before = scrape(gateway)
    assert before["lensbus_broker_up"] == 1
    assert before["lensbus_workers_present"] == before["lensbus_gateway_clients_open"] == 0
    fake = FakeDriver()
    with (
        running_worker(settings, "CAM1", fake),
        Wire(gateway.address) as one,
        Wire(gateway.address) as other,
    ):
        for wire in (one, other):
            wire.request("/api/events")
        wait_for(lambda: len(gateway.hub) == 2)
        for _ in range(5):
            fake.observe("warning")
        # Five, and the start of the worker.
        wait_for(lambda: scrape(gateway)["lensbus_events_total"] == 6)
        wait_for(lambda: scrape(gateway)["lensbus_gateway_deliveries_total"] >= 10)
        after = scrape(gateway)
        assert after["lensbus_workers_present"] == 1
        assert after["lensbus_gateway_clients_open"] == 2
        assert after["lensbus_journal_events"] == 6
        assert after["lensbus_journal_bytes"] > 6 * 50
        assert after["lensbus_journal_degraded"] == after["lensbus_gaps_total"] == 0


def test_gaps_are_counted_where_they_are_told(gateway: RunningGateway) -> None:
    with Wire(gateway.address) as wire:
        wire.request("/api/events?last_event_id=00000001.7")
        wait_for(lambda: scrape(gateway)["lensbus_gateway_gaps_total"] == 1)
    assert scrape(gateway)["lensbus_gaps_total"] == 0, "no worker has lost anything"


def test_every_drop_has_a_counter(gateway: RunningGateway, settings: Settings) -> None:
    with client(settings, "worker_events", zmq.PUB) as socket:

        def dropped() -> bool:
            socket.send_multipart([b"CAM1/warning", b"junk", b""])
            return scrape(gateway).get("lensbus_junk_messages_total worker_events", 0) > 0

        wait_for(dropped)
    assert scrape(gateway)["lensbus_gateway_junk_messages_total events"] == 0


def test_crashes_are_told_by_camera_and_signal_and_outlive_the_worker(
    gateway: RunningGateway, settings: Settings
) -> None:
    crashes = (Crashes("SIGSEGV", 2, 100), Crashes("SIGKILL", 1, 50))
    hello = Hello("CAM1", 10, 0, "sony", "ILCE-7M4", False, pid=8)
    died = replace(hello, past=Past(Ended(7, 100, "SIGSEGV"), crashes))
    with client(settings, "worker_commands", zmq.DEALER) as worker:
        for presence in (died, Goodbye("CAM1", 10, 0, "exit 0")):
            worker.send_multipart(pack_presence(presence))
            assert worker.recv_multipart()[0] in (b"welcome", b"farewell")
    counts = {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(fetch(gateway))
        for sample in family.samples
        if sample.name == "lensbus_worker_crashes_total"
    }
    assert counts == {("CAM1", "SIGSEGV"): 2, ("CAM1", "SIGKILL"): 1}


def test_without_a_broker_there_is_still_an_answer(settings: Settings) -> None:
    with running_gateway(settings) as gateway:
        values = scrape(gateway)
    assert values["lensbus_broker_up"] == 0
    assert values["lensbus_gateway_clients_open"] == 0
    assert "lensbus_events_total" not in values


def test_the_page_names_every_metric(gateway: RunningGateway) -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    named = set(re.findall(r"^\| `(lensbus_\w+)`", page, re.MULTILINE))
    told = set(re.findall(r"^# TYPE (\w+)", fetch(gateway), re.MULTILINE))
    assert named == told


def test_labels_bear_any_text() -> None:
    odd = 'a"b\\c\nd'
    metric = Metric("lensbus_odd_total", COUNTER, "Odd.", {(("source", odd),): 3})
    (family,) = text_string_to_metric_families(render([metric]))
    (sample,) = family.samples
    assert (sample.labels, sample.value) == ({"source": odd}, 3)
