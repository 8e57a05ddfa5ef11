"""The reader of client assertions (RFC 7523)."""

from typing import Protocol

from ..domain.clients.presented_credential import AssertionClaims
from ..domain.identifiers import ClientId


class ClientAssertionReader(Protocol):
    """Reads the assertions with which clients authenticate. It does no I/O."""

    def claimed_client(self, assertion: str) -> ClientId:
        """Return the unverified subject of ``assertion``; raises ``InvalidClient`` if it is malformed."""
        ...

    def verify(self, assertion: str, jwks: str) -> AssertionClaims:
        """Return the claims of ``assertion``; raises ``InvalidClient`` unless a key of the JWK Set ``jwks`` signed it.

        The caller checks times, issuer and audience.
        """
        ...

    def check_keys(self, jwks: str) -> None:
        """Raise ``InvalidRequest`` unless ``jwks`` is a JWK Set of public keys that ``verify`` can use."""
        ...
