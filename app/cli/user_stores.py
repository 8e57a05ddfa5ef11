"""The stores of the service, for a command that changes its users."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..domain.errors import ConfigurationError
from ..service.application import opened, prepare_stores
from ..service.background import save_last_records
from ..service.container import Container
from ..service.settings import Settings


@asynccontextmanager
async def opened_stores(settings: Settings) -> AsyncIterator[Container]:
    """Yield a container whose stores are open, which outlive this command.

    Raises ``ConfigurationError`` for users in memory, and what preparing and opening stores raises.
    """
    if settings.database_url == "memory://":
        raise ConfigurationError(
            "Users in memory end with the process that keeps them: set KEYTURN_DATABASE_URL, to sqlite:///keyturn.db"
            " or another database, as for the service."
        )
    await prepare_stores(settings)
    container = Container(settings=settings)
    container.init_resources()
    try:
        async with opened(container.distinct_stores()):
            yield container
            await save_last_records(container.audit_recorder())
    finally:
        container.shutdown_resources()
