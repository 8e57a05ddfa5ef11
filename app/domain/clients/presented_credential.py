"""The credential of a client in a request (RFC 6749 §2.3, RFC 7523 §2.2)."""

from dataclasses import dataclass, field
from typing import Final

from ..identifiers import ClientId

MAX_ASSERTION_LIFETIME: Final = 300
"""Seconds. The ``exp`` of an assertion may be at most this far in the future."""


@dataclass(frozen=True, slots=True)
class PresentedId:
    """The id of a public client (method ``none``)."""

    client_id: ClientId


@dataclass(frozen=True, slots=True)
class PresentedSecret:
    """An id and a secret (``client_secret_basic`` or ``client_secret_post``)."""

    client_id: ClientId
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PresentedAssertion:
    """A signed JWT (``private_key_jwt``). A ``client_id`` sent with it must be the subject of the JWT."""

    assertion: str = field(repr=False)
    client_id: ClientId | None = None


PresentedCredential = PresentedId | PresentedSecret | PresentedAssertion


@dataclass(frozen=True, slots=True)
class AssertionClaims:
    """The claims of an assertion (RFC 7523 §3). Times are seconds since the epoch."""

    issuer: str
    subject: str
    audience: tuple[str, ...]
    expires_at: int
    token_id: str = field(repr=False)
    not_before: int = 0
