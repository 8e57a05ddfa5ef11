"""What listens at an address that is in use: it may be the service itself."""

import errno
import json
from typing import Final

from aiohttp import ClientSession, ClientTimeout, TCPConnector, UnixConnector

from ...adapters.issuer.documents import fetch
from ...domain.errors import ConfigurationError
from ...domain.network import UNIX
from ...domain.verifier.errors import IssuerFault

_SECONDS: Final = 2.0
_MAX_BYTES: Final = 1_024
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  # nothing listens there


def is_in_use(error: ConfigurationError) -> bool:
    """Return whether an address cannot be bound because a program listens there."""
    return getattr(error.__cause__, "errno", None) == errno.EADDRINUSE


async def keyturn_answers(host: str, port: int) -> bool:
    """Return whether what listens at an address answers ``/livez`` within 2 seconds, as Keyturn does."""
    is_file = host.startswith(UNIX)
    connector = UnixConnector(host.removeprefix(UNIX)) if is_file else TCPConnector()
    url = "http://localhost/livez" if is_file else f"http://{_reachable(host)}:{port}/livez"
    async with ClientSession(connector=connector, timeout=ClientTimeout(total=_SECONDS)) as client:
        try:
            document = await fetch(client, url, media_types=("application/json",), max_bytes=_MAX_BYTES)
            answer: object = json.loads(document.body)
        except (IssuerFault, ValueError):
            return False
    return answer == {"status": "up"}


def _reachable(host: str) -> str:
    """Return the host of a URL at which a client on this machine reaches what listens on ``host``."""
    return _EVERYWHERE.get(host, f"[{host}]" if ":" in host else host)
