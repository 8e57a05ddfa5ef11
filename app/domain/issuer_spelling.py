"""Slips in the spelling of an issuer, which is compared character by character (RFC 8414 §3.3)."""

import re
from typing import Final
from urllib.parse import urlsplit

from .network import is_loopback

_HOST: Final = r"(?:localhost|[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}|[a-z0-9-]{1,63}(?=:)|\[[0-9a-f:.]{2,45}\])"
_NO_SCHEME: Final = re.compile(_HOST + r"(?::[0-9]{1,5})?(?:/[a-z0-9._~/-]{0,64})?")
"""An address as people write it. Other text may be a secret in the wrong place, and is not repeated."""


def with_scheme(text: str) -> str | None:
    """Return the URL that an address without its scheme may mean, and ``None`` for any other text.

    It is http for a loopback address, and https for others.
    """
    if not _NO_SCHEME.fullmatch(text):
        return None
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or port == 0:
        return None
    return f"{'http' if is_loopback(host) else 'https'}://{text}"


def differ_by_slash(one: str, other: str) -> bool:
    """Return whether the slash at the end is all that makes two issuers different ones."""
    return one != other and one.rstrip("/") == other.rstrip("/")
