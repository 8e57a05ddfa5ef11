"""Assertions by which clients authenticate (RFC 7523)."""

from typing import Protocol

from ..domain.model.client_credentials import AssertionClaims
from ..domain.model.identifiers import ClientId


class ClientAssertions(Protocol):
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


class UsedAssertions(Protocol):
    """The assertions that were used lately, in this instance's memory."""

    def use(self, client_id: ClientId, token_id: str, *, now: float, seconds: float) -> bool:
        """Remember an assertion for ``seconds``; return whether it was not known, and there was room."""
        ...
