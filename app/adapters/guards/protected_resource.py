"""The metadata of a guarded service (RFC 9728): a client that is refused learns which issuer gives tokens for it."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ...domain.errors import ConfigurationError
from ...domain.network import is_loopback

_WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
_BEARER: Final = "Bearer"
_URL: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?")
"""The path has the characters of RFC 3986 §3.3. None of them ends a quoted string in a header."""

METADATA_TYPE: Final = "application/json"
METADATA_CACHE: Final = "public, max-age=3600"
"""``Cache-Control`` of the document. It changes with the program only."""


@dataclass(frozen=True, slots=True)
class ProtectedResource:
    """A service by its URL, the ``issuer`` of its tokens, and the scopes that its routes require.

    Raises ``ConfigurationError`` unless ``resource`` is an https URL without query and fragment (RFC 9728 §1.2). A
    loopback address may have http.
    """

    resource: str
    issuer: str
    scopes: Sequence[str] = ()
    in_header: bool = True
    """Whether the token is in the ``Authorization`` header."""

    def __post_init__(self) -> None:
        if _URL.fullmatch(self.resource):
            parts = urlsplit(self.resource)
            if parts.scheme == "https" or is_loopback(parts.hostname or ""):
                return
        raise ConfigurationError(
            f"The resource {self.resource!r} must be the https URL of the service, without query and fragment, such as"
            " https://orders.example."
        )

    @property
    def path(self) -> str:
        """The path of the document: the path of the resource follows the well-known one (RFC 9728 §3.1)."""
        return _WELL_KNOWN + urlsplit(self.resource).path.rstrip("/")

    @property
    def url(self) -> str:
        """The URL of the document."""
        parts = urlsplit(self.resource)
        return f"{parts.scheme}://{parts.netloc}{self.path}"

    def document(self) -> bytes:
        """Return the document (RFC 9728 §2)."""
        members: dict[str, object] = {"resource": self.resource, "authorization_servers": [self.issuer]}
        if self.scopes:
            members["scopes_supported"] = [*self.scopes]
        if self.in_header:
            members["bearer_methods_supported"] = ["header"]
        return json.dumps(members).encode()

    def challenge(self, challenge: str) -> str:
        """Return a challenge of RFC 6750 that also names the document (RFC 9728 §5.1). Others stay as they are."""
        scheme, _, parameters = challenge.partition(" ")
        if scheme != _BEARER:
            return challenge
        named = f'resource_metadata="{self.url}"'
        return f"{_BEARER} {parameters}, {named}" if parameters else f"{_BEARER} {named}"
