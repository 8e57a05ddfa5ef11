"""The URLs of the documents of an issuer."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from ...domain.network import is_loopback
from .. import strict_json

_METADATA: Final = "/.well-known/oauth-authorization-server"


def metadata_urls(issuer: str) -> tuple[str, ...]:
    """Return the URLs at which the metadata may be, in the order in which to try them.

    The well-known path comes before the issuer's own path (RFC 8414 §3.1). It comes after it where a proxy passes on
    only what is below the issuer's path.
    """
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    first = urlunsplit((parts.scheme, parts.netloc, _METADATA + path, "", ""))
    return (first, issuer.rstrip("/") + _METADATA) if path else (first,)


def jwks_url(issuer: str) -> str:
    """Return the URL of Keyturn's JWK Set, for an issuer without metadata."""
    return issuer.rstrip("/") + "/.well-known/jwks.json"


def feed_url(issuer: str) -> str:
    """Return the URL of Keyturn's revocation feed."""
    return issuer.rstrip("/") + "/.well-known/revoked-sessions"


def read_metadata(body: bytes) -> Mapping[str, Any]:
    """Return the members of metadata, or none for what is not a JSON object."""
    try:
        found = strict_json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def is_trustworthy(url: str, *, allow_http: bool) -> bool:
    """Return whether nobody can change the responses from ``url`` on the network: it is https, or a loopback address.

    ``allow_http`` means that the network is trusted.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or parts.scheme not in ("https", "http") or parts.fragment:
        return False
    return parts.scheme == "https" or allow_http or is_loopback(host)
