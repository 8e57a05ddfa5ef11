"""An instance: one process that serves requests."""

import logging
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ..adapters.http.server.binding import bind
from ..adapters.http.server.connection_limit import ConnectionLimit
from ..adapters.http.server.listening import ListeningSocket
from ..adapters.http.server.metrics_page import metrics_page
from ..adapters.http.server.runner import Runner
from ..domain.network import UNIX, is_loopback
from .application import CONTAINER, create_application
from .settings import Settings

_LOG: Final = logging.getLogger("keyturn")


def create_runner(settings: Settings, *, metrics: Sequence[ListeningSocket] = ()) -> Runner:
    """Return a new runner of the application. Its start raises the errors of the application's start.

    ``metrics`` are the sockets that serve ``/metrics``, from the start to the end of the runner, also while it drains.
    """
    app = create_application(settings)
    telemetry = app[CONTAINER].telemetry()
    limit = ConnectionLimit(
        settings.max_connections_per_address, trusted=settings.trusted_networks, telemetry=telemetry
    )
    if metrics:
        app.cleanup_ctx.append(lambda _: metrics_page(metrics, telemetry.exposition, limit))
    return Runner(
        app,
        shutdown_timeout=settings.shutdown_timeout,
        access_log=settings.access_log,
        drain_delay=settings.drain_delay,
        limit=limit,
    )


def indistinct_clients(settings: Settings) -> Iterator[str]:
    """Yield a sentence if all clients have the same address."""
    if settings.host.startswith(UNIX) and UNIX not in settings.trusted_networks:
        yield (
            "all clients of a Unix socket count as one, also for the rate limits of failed sign-ins; if a proxy there"
            " adds the address of each client to X-Forwarded-For, set KEYTURN_TRUSTED_PROXIES=unix:"
        )


def unreachable_issuer(settings: Settings) -> Iterator[str]:
    """Yield a sentence if the settings have no issuer and the service does not only listen on loopback."""
    if settings.issuer is None and not is_loopback(settings.host):
        yield (
            f"KEYTURN_ISSUER is not set, so that tokens name {settings.issuer_url} as their issuer, which clients on"
            " other machines cannot reach; set it to the URL that clients use"
        )


async def bind_service(settings: Settings) -> tuple[Settings, list[ListeningSocket]]:
    """Return the settings with the port that was bound, and the sockets of the service.

    Port 0 is any free port, which the issuer follows if the settings have none. Raises ``ConfigurationError``.
    """
    sockets = await bind(settings.host, settings.port, mode=settings.socket_mode)
    return bound_to(settings, sockets), sockets


def bound_to(settings: Settings, sockets: Sequence[ListeningSocket]) -> Settings:
    """Return the settings with the port of ``sockets``. A Unix socket has none."""
    ports = [each.getsockname()[1] for each in sockets if each.family != socket.AF_UNIX]
    return replace(settings, port=ports[0]) if ports else settings


async def bind_metrics(settings: Settings) -> list[ListeningSocket]:
    """Return the sockets for ``/metrics``, or none if ``METRICS_PORT`` is not set; raises ``ConfigurationError``."""
    if settings.metrics_port is None:
        return []
    names = "KEYTURN_METRICS_HOST and KEYTURN_METRICS_PORT"
    sockets = await bind(settings.metrics_host, settings.metrics_port, settings=names)
    _LOG.info("metrics", extra={"fields": {"url": f"{sockets[0]}/metrics"}})
    return sockets
