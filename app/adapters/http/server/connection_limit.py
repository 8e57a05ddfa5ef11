"""The limit of connections from one network, so that no client alone can hold every file descriptor of the process."""

import logging
import socket
import time
from collections.abc import Callable
from typing import Any, Final

from ....domain.network import network_of
from ....ports.telemetry import Telemetry
from ..requests.client_address import Proxies, is_trusted

_LOG: Final = logging.getLogger("keyturn.http")

_LOG_SECONDS: Final = 60.0
"""The shortest time between two log lines about refused connections."""


class ConnectionLimit:
    """Counts the open connections of each network: an IPv4 address, or the /64 of an IPv6 address.

    A network has at most ``per_network`` connections. The networks of ``trusted`` proxies have no limit, because the
    connections of all clients come from there. For the same reason, a Unix socket has none. ``now`` returns seconds of
    a monotonic clock.
    """

    def __init__(
        self,
        per_network: int,
        *,
        trusted: Proxies,
        telemetry: Telemetry,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_network = per_network
        self._trusted = trusted
        self._telemetry = telemetry
        self._now = now
        self._open: dict[str, int] = {}
        self._refused = 0
        self._log_again_at = 0.0

    def admit(self, connection: socket.socket, peer: Any) -> socket.socket:
        """Return the accepted connection of ``peer``, which counts until it is closed.

        Close it and raise ``ConnectionAbortedError`` if its network has as many connections as it may have.
        """
        address = peer[0] if isinstance(peer, tuple) else ""
        if not address or is_trusted(address, self._trusted):
            return connection
        network = network_of(address)
        if self._open.get(network, 0) >= self._per_network:
            connection.close()
            self._count_refused(network)
            raise ConnectionAbortedError
        self._open[network] = self._open.get(network, 0) + 1
        return _CountedSocket(connection, lambda: self._release(network))

    @property
    def open_connections(self) -> int:
        """Return how many connections count now."""
        return sum(self._open.values())

    def _release(self, network: str) -> None:
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]

    def _count_refused(self, network: str) -> None:
        """Count a refused connection. Log it if no other was logged within a minute."""
        self._telemetry.connection_refused()
        self._refused += 1
        if self._now() >= self._log_again_at:
            fields = {"network": network, "limit": self._per_network, "refused": self._refused}
            _LOG.warning(
                "connections are refused: one address has as many as KEYTURN_CONNECTIONS_PER_ADDRESS allows; if it is"
                " a proxy, name it in KEYTURN_TRUSTED_PROXIES",
                extra={"fields": fields},
            )
            self._refused = 0
            self._log_again_at = self._now() + _LOG_SECONDS


class _CountedSocket(socket.socket):
    """Takes over an accepted connection, and calls ``closed`` once, when its descriptor is closed."""

    def __init__(self, accepted: socket.socket, closed: Callable[[], None]) -> None:
        family, kind, protocol = accepted.family, accepted.type, accepted.proto
        super().__init__(family, kind, protocol, fileno=accepted.detach())
        self._on_close: Callable[[], None] | None = closed

    def close(self) -> None:
        super().close()
        closed, self._on_close = self._on_close, None
        if closed is not None:
            closed()
