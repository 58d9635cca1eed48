import asyncio

from hypothesis import given
from hypothesis import strategies as st

from lensbus_gateway import sse
from lensbus_gateway.client import Client
from lensbus_gateway.hub import Hub
from lensbus_gateway.sse import Block
from lensbus_gateway.wish import EVERYTHING, Selection, Wish
from lensbus_proto.cursor import Cursor
from lensbus_proto.runtime.settings import HubSettings

ROOM = 100


class FakeTransport(asyncio.Transport):
    """Takes what is written; pauses its client above ROOM bytes until it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.client: Client | None = None
        self.waiting = b""
        self.read = b""
        self.gone = False
        self.cut = False

    def take(self, client: asyncio.Protocol) -> asyncio.Transport | None:
        assert isinstance(client, Client)
        self.client = client
        return None if self.gone else self

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert self.client is not None
        self.waiting += data
        if len(self.waiting) > ROOM and not self.client.paused:
            self.client.pause_writing()

    def drain(self) -> None:
        """Have the client read everything that waits."""
        assert self.client is not None
        self.read += self.waiting
        self.waiting = b""
        if self.client.paused:
            self.client.resume_writing()

    def drain_all(self) -> None:
        while self.waiting:
            self.drain()

    def close(self) -> None:
        self.gone = True

    def abort(self) -> None:
        self.gone = self.cut = True


def block(number: int, camera: str = "A") -> Block:
    chunk = sse.chunk(b"<%s%d>" % (camera.encode(), number))
    return Block(camera, "warning", Cursor(1, number + 1), chunk)


def joined(
    hub: Hub, camera: str | None = None, chunked: bool = False, drained: bool = True
) -> FakeTransport:
    """Return the transport of a new client that has read head and handshake."""
    transport = FakeTransport()

    async def join() -> None:
        selection = EVERYTHING if camera is None else Selection(frozenset((camera,)))
        hub.join(transport.take, Wish(selection=selection), chunked=chunked)

    asyncio.run(join())
    if drained:
        transport.drain_all()
        transport.read = b""
    return transport


def hub(ring_events: int = 1000) -> Hub:
    return Hub(HubSettings(ring_events=ring_events), "*")


def test_the_head_alone_can_pause_a_client() -> None:
    made = hub()
    transport = joined(made, drained=False)
    assert made.behind == 1
    made.publish([block(1)])
    transport.drain_all()
    assert b'data: {"cameraId":"*"}\nretry: ' in transport.read
    assert transport.read.endswith(b"\n\n<A1>")
    assert (made.behind, len(made)) == (0, 1)


def test_all_clients_share_one_write_of_the_same_bytes() -> None:
    made = hub()
    first, second = joined(made, chunked=True), joined(made, chunked=True)
    made.publish([block(1), block(2)])
    assert first.waiting == second.waiting == block(1).chunk + block(2).chunk


def test_a_connection_that_is_gone_already_is_never_a_client() -> None:
    made = hub()
    transport = FakeTransport()
    transport.gone = True
    made.join(transport.take, Wish(), chunked=True)
    assert len(made) == 0


def test_who_joins_during_the_end_gets_a_complete_body() -> None:
    made = hub()
    made.close()
    transport = joined(made, chunked=True, drained=False)
    assert transport.waiting.endswith(sse.LAST_CHUNK)
    assert transport.gone


def test_a_client_past_the_ring_is_cut_while_it_waits() -> None:
    made = hub(ring_events=16)
    transport = joined(made)
    made.publish([block(number) for number in range(30)])
    assert (made.behind, made.closed_behind) == (1, 0)
    made.publish([block(number) for number in range(17)])
    assert (made.behind, made.closed_behind) == (0, 1)
    assert transport.cut
    assert transport.client is not None
    transport.client.connection_lost(None)
    transport.drain()
    assert len(made) == 0


STEPS = st.lists(
    st.one_of(st.integers(1, 40), st.sampled_from(["drain first", "drain second"])), max_size=40
)


@given(STEPS, st.sampled_from([None, "A", "B"]))
def test_every_client_reads_its_events_once_and_in_order(
    steps: list[int | str], camera: str | None
) -> None:
    made = hub(ring_events=10_000)
    first, second = joined(made), joined(made, camera)
    count = 0
    for step in steps:
        if isinstance(step, int):
            made.publish([block(count + i, "AB"[(count + i) % 2]) for i in range(step)])
            count += step
        else:
            (first if step == "drain first" else second).drain()
    first.drain_all()
    second.drain_all()
    everything = [(f"{'AB'[n % 2]}", n) for n in range(count)]
    assert first.read.decode() == "".join(f"<{c}{n}>" for c, n in everything)
    wanted = "".join(f"<{c}{n}>" for c, n in everything if camera in (None, c))
    assert second.read.decode() == wanted
    assert made.behind == 0
