"""The other gateways of a system, asked for their numbers.

They share one listening socket, so a scrape reaches any one of them. Each tells its own numbers on
a unix socket in the folder of the bus, and the one that is scraped asks them all: the answer is
that of the whole system, whoever gives it.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final

from lensbus_gateway.exposition import Metric

logger = logging.getLogger(__name__)

PATTERN: Final = "gw-*.sock"  # short: the path of a socket is
ASK_S: Final = 0.5
SIZE_LIMIT: Final = 4 * 1024 * 1024

Tell = Callable[[], Sequence[Metric]]


@contextlib.asynccontextmanager
async def telling(folder: Path, tell: Tell) -> AsyncIterator[None]:
    """Tell whoever asks the numbers of this process, while the block runs."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            writer.write(_packed(tell()))
            await writer.drain()
        writer.close()

    path = own_path(folder)
    try:
        server = await asyncio.start_unix_server(answer, path)
    except OSError as error:
        logger.warning("other gateways cannot ask this one", extra={"why": str(error)})
        yield
        return
    try:
        yield
    finally:
        server.close()
        _forget(path)


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def own_path(folder: Path) -> Path:
    """Return the socket of this process."""
    return folder / f"gw-{os.getpid()}.sock"


async def told_by_others(folder: Path) -> list[Metric]:
    """Return the numbers of every other gateway; one that does not answer in time has none."""
    found = await asyncio.gather(*map(_ask, _others(folder)))
    return [metric for metrics in found for metric in metrics]


def _others(folder: Path) -> list[Path]:
    own = own_path(folder)
    return [path for path in folder.glob(PATTERN) if path != own]


async def _ask(path: Path) -> Sequence[Metric]:
    try:
        async with asyncio.timeout(ASK_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=SIZE_LIMIT)
            try:
                return _unpacked(await reader.read(-1))
            finally:
                writer.close()
    except ConnectionRefusedError:
        _forget(path)  # it was killed
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        logger.info("a gateway tells no numbers", extra={"path": str(path), "why": str(error)})
    return []


def _packed(metrics: Sequence[Metric]) -> bytes:
    plain = [[*metric[:3], list(metric.values.items())] for metric in metrics]
    return json.dumps(plain).encode()


def _unpacked(data: bytes) -> list[Metric]:
    return [
        Metric(
            name,
            kind,
            meaning,
            {tuple((key, text) for key, text in labels): value for labels, value in values},
        )
        for name, kind, meaning, values in json.loads(data)
    ]
