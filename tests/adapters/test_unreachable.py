"""Why a document could not be fetched, in words."""

import errno
import ssl

import pytest
from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientPayloadError,
    ServerDisconnectedError,
)
from aiohttp.client_reqrep import ConnectionKey

from app.adapters.issuer.unreachable import reason

_PLACE = ConnectionKey("id.example", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None)


def _certificate_error(message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError()
    error.verify_message = message
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ClientConnectorError(_PLACE, OSError(errno.ECONNREFUSED, "")),
            "Connection refused: does Keyturn run there?",
        ),
        (ClientConnectorError(_PLACE, OSError(errno.ENETUNREACH, "no")), "ENETUNREACH."),
        (
            ClientConnectorDNSError(_PLACE, OSError(-2, "")),
            "The name of the host was not found: is it spelled right?",
        ),
        (
            ClientConnectorCertificateError(_PLACE, _certificate_error("self-signed certificate")),
            "The certificate is refused: self-signed certificate.",
        ),
        (ServerDisconnectedError(), "The connection was closed without an answer."),
        (TimeoutError(), "No whole answer came in time."),
        (ClientPayloadError("a secret"), "ClientPayloadError."),
    ],
)
def test_the_reason_is_in_words(error: Exception, words: str) -> None:
    """Each common fault has a sentence, and others have their name. None repeats text from elsewhere."""
    assert reason(error) == words
