"""Assertions by which clients authenticate (RFC 7523)."""

from typing import Protocol

from ..domain.clients.presented_credential import AssertionClaims
from ..domain.identifiers import ClientId


class ClientAssertionReader(Protocol):
    """Reads assertions. It does no I/O."""

    def claimed_client(self, assertion: str) -> ClientId:
        """Return the subject that ``assertion`` claims, of which nothing is verified; raises ``InvalidClient``."""
        ...

    def verify(self, assertion: str, jwks: str) -> AssertionClaims:
        """Return what ``assertion`` says, if a key of the JWK Set signed it; raises ``InvalidClient``. Its times,
        issuer and audience are not judged.
        """
        ...

    def check_keys(self, jwks: str) -> None:
        """Raise ``InvalidRequest`` unless ``jwks`` is a JWK Set of public keys fit for ``verify``."""
        ...
