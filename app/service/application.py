"""The application and its lifespan: what happens before the first request, and after the last one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any, Final

from aiohttp import web

from ..adapters.http.application import build_application
from ..adapters.http.server.door import DOOR, REFRESH_PATH, TOKEN_PATH
from ..adapters.http.server.readiness import READINESS, Readiness
from ..domain.errors import AlreadyExists, ConfigurationError, InvalidRequest, KeyturnError
from ..domain.login.accounts import Accounts
from ..domain.scope import ADMIN, Scope
from .background import (
    count_dropped_lines_periodically,
    load_or_make_keys,
    maintain_keys_periodically,
    measure_keys_periodically,
    report_overload_periodically,
    save_records_periodically,
    sweep_periodically,
    sync_revocations_periodically,
    watch_clock_periodically,
)
from .container import Container
from .first_user import FIRST_USER, FirstUser, is_missing
from .http_services import http_services
from .open_stores import opened, save_last_records
from .request_observers import request_observers
from .settings import Settings
from .start_log import waiting_for
from .store_watch import StoreWatch

_LOG: Final = logging.getLogger("keyturn")

_RETRY_SECONDS: Final = 0.5
_CANCEL_SECONDS: Final = 0.2

CONTAINER: Final = web.AppKey("keyturn_container", Container)


def create_application(settings: Settings) -> web.Application:
    """Return the application of the service. Its stores must be prepared before it starts.

    Its start raises ``StoreUnavailable``, and ``ConfigurationError`` for a key that cannot be read, for example.
    """
    container = Container(settings=settings)
    app = build_application(
        http_services(container),
        issuer=settings.issuer_url,
        docs=settings.docs,
        console=settings.console,
        cors_origins=settings.cors_origins or (),
        observers=request_observers(settings, container.telemetry()),
    )
    app[CONTAINER] = container
    app[FIRST_USER] = FirstUser()
    app.cleanup_ctx.append(_lifespan)
    return app


@asynccontextmanager
async def _lifespan(app: web.Application) -> AsyncIterator[None]:
    container = app[CONTAINER]
    settings = container.settings()
    async with AsyncExitStack() as cleanup:
        cleanup.callback(container.shutdown_resources)
        container.init_resources()
        await cleanup.enter_async_context(opened(container.distinct_stores()))
        cleanup.push_async_callback(save_last_records, container.audit_recorder())
        watch = container.clock_watch()
        await watch.check()
        app[READINESS].clock_fault = partial(getattr, watch, "reason")
        _run(watch_clock_periodically(watch, container.telemetry()), cleanup)
        queues = {REFRESH_PATH: container.refresh_room().queue, TOKEN_PATH: container.client_credentials_queue()}
        _run(report_overload_periodically(app[DOOR], queues, container.telemetry()), cleanup)
        for loss in losses_at_the_end(settings):
            _LOG.warning(loss)
        if watch.reason:
            _run(_begin_when_clock_is_right(container, app[READINESS], cleanup), cleanup)
        else:
            await _begin(container, app[READINESS], cleanup)
            app[FIRST_USER].is_missing = await is_missing(container.accounts())
        yield


async def _begin_when_clock_is_right(container: Container, readiness: Readiness, cleanup: AsyncExitStack) -> None:
    """Complete the start, which needs the time, as soon as the clock is right. Requests get 503 until then."""
    while not readiness.started:
        await asyncio.sleep(_RETRY_SECONDS)
        if readiness.clock_fault():
            continue
        try:
            await _begin(container, readiness, cleanup)
        except KeyturnError as error:
            _LOG.error("this instance waits to start: %s", error)  # the text is enough without a traceback


async def _begin(container: Container, readiness: Readiness, cleanup: AsyncExitStack) -> None:
    """Load what the instance needs, and start its background tasks, which end with ``cleanup``."""
    async with waiting_for("the signing keys"):
        await load_or_make_keys(container.key_lifecycle(), container.key_rotation())
    _LOG.info("signing keys", extra={"fields": {"keys": container.key_lifecycle().states()}})
    async with waiting_for("the revocations in the session store"):
        synced_from = await container.revocation().sync_revocations()
    async with waiting_for("the bootstrap user in the database"):
        await _create_bootstrap_user(container.accounts(), container.settings())
    store_watch = StoreWatch(container.distinct_stores(), container.key_lifecycle(), readiness, container.telemetry())
    await store_watch.check()
    for task in _background_tasks(container, readiness, store_watch, synced_from=synced_from):
        _run(task, cleanup)
    readiness.started = True


def _run(task: Coroutine[Any, Any, None], cleanup: AsyncExitStack) -> None:
    """Run a background task that ends with ``cleanup``."""
    cleanup.push_async_callback(_cancel, asyncio.create_task(task))


def _background_tasks(
    container: Container, readiness: Readiness, store_watch: StoreWatch, *, synced_from: float
) -> Iterator[Coroutine[Any, Any, None]]:
    telemetry, keys, watch = container.telemetry(), container.key_lifecycle(), container.clock_watch()
    yield sweep_periodically(container.retention(), watch)
    yield save_records_periodically(container.audit_recorder())
    yield maintain_keys_periodically(keys, container.key_rotation(), container.key_reload(), watch, telemetry)
    yield sync_revocations_periodically(
        container.revocation(), container.session_store(), readiness, telemetry, watch=watch, since=synced_from
    )
    yield store_watch.run()
    yield measure_keys_periodically(keys, telemetry, period=container.settings().key_policy.period)
    yield count_dropped_lines_periodically(telemetry)


async def _cancel(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends: redis-py can take a cancellation for its own timeout, and the task continues."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_CANCEL_SECONDS)
    if not task.cancelled():
        task.result()


async def _create_bootstrap_user(accounts: Accounts, settings: Settings) -> None:
    if settings.bootstrap_username is None or settings.bootstrap_password is None:
        return
    scope = Scope(settings.default_scope.tokens | {ADMIN})
    with _bootstrap_faults(), suppress(AlreadyExists):
        await accounts.create(settings.bootstrap_username, settings.bootstrap_password, scope=scope)


async def check_bootstrap_user(accounts: Accounts, settings: Settings) -> None:
    """Check what the start checks before it creates the user of the settings, and create nothing.

    Raises ``ConfigurationError`` and ``StoreUnavailable``.
    """
    if settings.bootstrap_username is not None and settings.bootstrap_password is not None:
        with _bootstrap_faults(), suppress(AlreadyExists):
            await accounts.check(settings.bootstrap_username, settings.bootstrap_password)


@contextmanager
def _bootstrap_faults() -> Iterator[None]:
    """Raise ``ConfigurationError``, which names the settings, for a user that is not acceptable."""
    try:
        yield
    except InvalidRequest as error:
        faults = "; ".join(f"KEYTURN_BOOTSTRAP_{each.field.upper()} {each.message}" for each in error.errors)
        raise ConfigurationError(f"{faults}.") from error


def losses_at_the_end(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each thing that ends with the process."""
    if "memory://" in (settings.database_url, settings.session_url):
        yield (
            "users and sessions that are kept in memory end with this process, and so does the knowledge of what was"
            " revoked: with a signing key that stays, access tokens of ended sessions live on until they expire; set"
            " KEYTURN_DATABASE_URL to keep them"
        )
    if settings.key_source == "generated":
        yield (
            "the signing key was made at start: access tokens end with this process; set KEYTURN_KEYS_DIR to keep it"
        )
