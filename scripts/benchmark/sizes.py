"""The bytes of a session: in the memory of the service, and in Valkey. Those in SQL are found where many are stored."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from app.service.container import Container
from app.service.settings import Settings
from tests.servers.valkey import DURABLE, running_valkey

from . import cores, memory
from .figures import Figure
from .population import sessions

_AIMS: Final = {"signed in": 450.0, "just rotated": None, "with 32 replaced secrets": 4_096.0}
"""The most bytes in each state."""

_AT_ONCE: Final = 64


def in_memory(count: int) -> Iterator[Figure]:
    """Yield the memory of a session, measured with ``count`` sessions in new processes."""
    for measure, kind in ((memory.resident, "resident"), (memory.allocated, "allocated")):
        with cores.process_on(cores.MEASURED) as fresh:
            measured: Future[memory.Sizes] = fresh.submit(measure, count)
            for (state, aim), size in zip(_AIMS.items(), measured.result(), strict=True):
                yield Figure.of_size(f"session {state}, {kind} memory", size, aim=aim)


def in_valkey(count: int) -> Figure:
    """Return the memory that a session takes in Valkey."""
    with TemporaryDirectory() as folder, running_valkey(Path(folder), *DURABLE) as server:

        def used() -> int:
            return int(str(server.execute("INFO", "memory")["used_memory"]))

        settings = Settings.from_environment({"KEYTURN_SESSION_URL": server.url})
        before = used()
        asyncio.run(_add(settings, count))
        return Figure.of_size(f"session in Valkey, one of {count:,}", (used() - before) / count)


async def _add(settings: Settings, count: int) -> None:
    store = Container(settings=settings).session_store()
    await store.prepare()
    await store.open()
    source = sessions(count)
    while some := list(islice(source, _AT_ONCE)):
        await asyncio.gather(*map(store.sessions.add, some))
    await store.close()
