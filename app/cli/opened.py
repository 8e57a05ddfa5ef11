"""The stores, open for the time of a command."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from ..application import prepare_stores
from ..container import Container
from ..settings import Settings


@asynccontextmanager
async def opened_stores(settings: Settings) -> AsyncIterator[Container]:
    """Yield a container whose stores are prepared and open."""
    await prepare_stores(settings)
    container = Container(settings=settings)
    async with AsyncExitStack() as closing:
        for store in container.stores.distinct():
            closing.push_async_callback(store.close)
            await store.open()
        yield container
