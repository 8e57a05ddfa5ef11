"""The application and its life: what happens before the first request and after the last."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiohttp import web

from .adapters.http.application import build_application
from .adapters.http.readiness import READINESS
from .container import Container
from .domain.errors import AlreadyExists, ConfigurationError, InvalidRequest, StoreUnavailable
from .domain.model.scope import ADMIN, Scope
from .domain.services.accounts import Accounts
from .domain.services.retention import Retention
from .settings import Settings

_LOG: Final = logging.getLogger("keyturn")

_SWEEP_SECONDS: Final = 1.0

CONTAINER: Final = web.AppKey("keyturn_container", Container)


def create_application(settings: Settings) -> web.Application:
    """Return the service, ready to be run.

    Its start raises ``ConfigurationError`` where the settings cannot be followed, such as an unreadable key.
    """
    container = Container(settings=settings)
    app = build_application(container.http_services())
    app[CONTAINER] = container
    app.cleanup_ctx.append(_lifespan)
    return app


@asynccontextmanager
async def _lifespan(app: web.Application) -> AsyncIterator[None]:
    container = app[CONTAINER]
    settings = container.settings()
    try:
        container.init_resources()
        await container.keys().load()
        _LOG.info("signing keys", extra={"fields": {"keys": container.keys().states()}})
        await container.revocation().load()
        await _create_bootstrap_user(container.accounts(), settings)
        _warn_of_what_will_be_lost(settings)
        sweeping = asyncio.create_task(_sweep(container.retention()))
        app[READINESS].started = True
        yield
        sweeping.cancel()
    finally:
        container.shutdown_resources()


async def _sweep(retention: Retention) -> None:
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        try:
            await retention.sweep()
        except StoreUnavailable:
            _LOG.warning("retention waits for the store")
        except Exception:  # noqa: BLE001  # a bug in one sweep must not end all of them
            _LOG.exception("retention failed")


async def _create_bootstrap_user(accounts: Accounts, settings: Settings) -> None:
    if settings.bootstrap_username is None or settings.bootstrap_password is None:
        return
    scope = Scope(settings.default_scope.tokens | {ADMIN})
    try:
        with suppress(AlreadyExists):
            await accounts.create(settings.bootstrap_username, settings.bootstrap_password, scope=scope)
    except InvalidRequest as error:
        faults = "; ".join(f"KEYTURN_BOOTSTRAP_{each.field.upper()} {each.message}" for each in error.errors)
        raise ConfigurationError(f"{faults}.") from error


def _warn_of_what_will_be_lost(settings: Settings) -> None:
    if settings.database_url == "memory://":
        _LOG.warning(
            "users and sessions are kept in memory: they end with this process, and so does the knowledge of what was"
            " revoked: with a signing key that stays, access tokens of ended sessions live on until they expire"
        )
    if settings.key_source == "generated":
        _LOG.warning(
            "the signing key was made at start: access tokens end with this process; set KEYTURN_KEYS_DIR to keep it"
        )
