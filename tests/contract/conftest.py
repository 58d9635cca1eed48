"""What tests of the gateway share: a folder of their own, and a fake broker in it."""

from collections.abc import Iterator

import pytest

from kit.bus import bus_settings, short_folder
from kit.fake_broker import FakeBroker, fake_broker
from lensbus_proto.runtime.settings import Settings


@pytest.fixture
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        yield bus_settings(state)


@pytest.fixture
def bus(settings: Settings) -> Iterator[FakeBroker]:
    with fake_broker(settings) as opened:
        yield opened
