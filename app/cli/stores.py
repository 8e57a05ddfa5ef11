"""Open the stores for a command, and save its audit records."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..adapters.stop_signals import ended_by_signals
from ..adapters.store_urls.sqlite import SqliteUrl
from ..domain.errors import ConfigurationError, StoreUnavailable
from ..ports.store_clock import StoreClock
from ..service.container import Container
from ..service.open_stores import opened, prepare, prepare_stores, save_last_records
from ..service.settings import Settings
from ..service.stores import clock, scheme
from .output import Output


@asynccontextmanager
async def opened_stores(settings: Settings, *, may_create: bool = True) -> AsyncIterator[Container]:
    """Yield a container with open stores, and save its audit records at the end.

    Raises ``ConfigurationError`` for users in memory, for a missing SQLite file unless ``may_create``,
    and the errors of preparing and opening stores.
    """
    _check_not_in_memory(settings, "Users")
    if not may_create:
        _check_exist(settings.database_url, settings.session_url)
    with ended_by_signals():
        await prepare_stores(settings)
    container = Container(settings=settings)
    container.init_resources()
    try:
        async with opened(container.distinct_stores()):
            await _check_clock(container, container.store_clock())
            try:
                yield container
            finally:  # also what was done before Ctrl-C is in the audit trail
                await save_last_records(container.audit_recorder())
    finally:
        container.shutdown_resources()


@asynccontextmanager
async def opened_database(settings: Settings, *, may_create: bool = True) -> AsyncIterator[Container]:
    """Yield a container with an open database, and save its audit records at the end.

    Raises ``ConfigurationError`` for clients in memory, for a missing SQLite file unless ``may_create``,
    and the errors of preparing and opening the database.
    """
    _check_not_in_memory(settings, "Clients")
    if not may_create:
        _check_exist(settings.database_url)
    container = Container(settings=settings)
    with ended_by_signals():
        await prepare([container.database()])
    async with opened([container.database()]):
        await _check_clock(container, clock([container.database()]))
        try:
            yield container
        finally:  # as above
            await save_last_records(container.audit_recorder())


@asynccontextmanager
async def opened_session_store(settings: Settings, *, may_create: bool = True) -> AsyncIterator[Container]:
    """Yield a container with an open session store, which may also have the signing keys.

    Raises ``ConfigurationError`` for sessions in memory, for a missing SQLite file unless ``may_create``,
    and the errors of preparing and opening the store.
    """
    if settings.session_url == "memory://" or (settings.session_url is None and settings.database_url == "memory://"):
        raise ConfigurationError(
            "Sessions in memory exist in one process only: run this in the environment of the service. If the service"
            " itself keeps its sessions in memory, restart it to end them."
        )
    if not may_create:
        _check_exist(settings.session_url or settings.database_url)
    container = Container(settings=settings)
    with ended_by_signals():
        await prepare([container.session_store()])
    async with opened([container.session_store()]):
        await _check_clock(container, clock([container.session_store()]))
        yield container


async def save_audit_records(container: Container, output: Output, *, may_create: bool = True) -> None:
    """Save the audit records of a command whose database is not open.

    If they cannot be saved, report why. The command does not fail, because its work is done.
    """
    if not container.audit_recorder().waiting or container.settings().database_url == "memory://":
        return
    try:
        if not may_create:
            _check_exist(container.settings().database_url)
        await prepare([container.database()])
        async with opened([container.database()]):
            await save_last_records(container.audit_recorder())
    except (ConfigurationError, StoreUnavailable) as error:
        output.report(f"This command is not in the audit trail: {error}")


async def _check_clock(container: Container, store_clock: StoreClock | None) -> None:
    """Raise ``ConfigurationError`` if the clock of this machine differs from that of the store by more than the leeway:
    no instance might read a revocation that a slow clock dates back.
    """
    watch = container.clock_watch(store_clock=store_clock)
    await watch.check()
    if watch.reason:
        raise ConfigurationError(f"{watch.reason} Set it right, and run the command again.")


def _check_not_in_memory(settings: Settings, contents: str) -> None:
    if settings.database_url == "memory://":
        raise ConfigurationError(
            f"{contents} in memory exist in one process only: set KEYTURN_DATABASE_URL to sqlite:///keyturn.db or"
            " another database, as for the service."
        )


def _check_exist(*urls: str | None) -> None:
    """Raise ``ConfigurationError`` for a SQLite file that does not exist: a command that only reads or changes would
    make an empty one, for example in the folder of the caller in place of that of the service.
    """
    for url in urls:
        if url is not None and scheme(url) == "sqlite" and not (file := SqliteUrl.parse(url).file).exists():
            raise ConfigurationError(f"There is no database at {file}. Is the service's folder another one?")
