import resource

import pytest

from lensbus_gateway.__main__ import fit
from lensbus_proto.runtime.settings import Settings


@pytest.mark.parametrize(
    ("descriptors", "clients"),
    [(1_048_576, 20_000), (4096, 3584), (100, 1), (resource.RLIM_INFINITY, 20_000)],
)
def test_there_are_never_more_streams_than_descriptors(descriptors: int, clients: int) -> None:
    assert fit(Settings(), descriptors).hub.clients == clients
