"""Say in words why a document could not be fetched. No word comes from a request or from the body of an answer."""

import asyncio
import errno
from typing import Final

from aiohttp import ClientConnectorCertificateError, ClientConnectorDNSError, ClientSSLError, ServerDisconnectedError

_KINDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (ClientSSLError, "The TLS handshake failed: is it https that listens there?"),
    (ClientConnectorDNSError, "The name of the host was not found: is it spelled right?"),
    (asyncio.TimeoutError, "No whole answer came in time."),
    (ServerDisconnectedError, "The connection was closed without an answer."),
)
_NUMBERS: Final = {errno.ECONNREFUSED: "Connection refused: does Keyturn run there?"}
"""aiohttp has one class for all faults of a connection, with the number of the system."""


def reason(error: Exception) -> str:
    """Return what went wrong, as a sentence, and what to look at."""
    if isinstance(error, ClientConnectorCertificateError):
        refused = getattr(error.certificate_error, "verify_message", None) or "it is not one of this host"
        return f"The certificate is refused: {str(refused).rstrip('.')}."
    for kind, text in _KINDS:
        if isinstance(error, kind):
            return text
    number = error.errno if isinstance(error, OSError) and error.errno else 0
    return _NUMBERS.get(number) or f"{errno.errorcode.get(number, type(error).__name__)}."
