"""OAuth 2.0 clients (RFC 6749 §2)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from string import ascii_letters, digits
from typing import Final

from ..audience import MAX_AUDIENCES
from ..identifiers import FIRST_PARTY, ClientId, describe_character, name_fault
from ..scope import Scope

SECRET_BYTES: Final = 32
"""Random bytes of a client's secret; as text 43 characters of base64url."""

MAX_AUDIENCE_LENGTH: Final = 255
MAX_CLIENT_ID_LENGTH: Final = 100

MAX_JWKS_LENGTH: Final = 65_536
"""Characters of a JWK Set, which is stored as JSON in ASCII."""

_CLIENT_ID_CHARACTERS: Final = frozenset(ascii_letters + digits + "._~-")
_LIKE_A_SUBJECT: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_AUDIENCE: Final = re.compile(rf"[\x21\x22\x24-\x7E]{{1,{MAX_AUDIENCE_LENGTH}}}")


class GrantType(StrEnum):
    """The grants of ``/oauth/token``."""

    REFRESH_TOKEN = "refresh_token"  # noqa: S105  # the name of a grant
    CLIENT_CREDENTIALS = "client_credentials"


class AuthenticationMethod(StrEnum):
    """How a client authenticates. A secret is sent as ``client_secret_basic`` or ``client_secret_post``."""

    SECRET = "client_secret"  # noqa: S105  # the name of a method
    PRIVATE_KEY_JWT = "private_key_jwt"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """The SHA-256 of a secret. ``expires_at`` is in seconds since the epoch, ``None`` for the newest secret."""

    digest: bytes = field(repr=False)
    expires_at: int | None = None

    def is_live(self, now: float) -> bool:
        """Return whether the secret is still accepted."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. A public client has no secret (RFC 6749 §2.1).

    The client may request tokens for ``audiences`` (RFC 8707). It may introspect all access tokens for the audiences
    ``introspects``, also those of other clients. ``jwks`` is a JWK Set (RFC 7517 §5) in JSON.
    """

    client_id: ClientId
    method: AuthenticationMethod = AuthenticationMethod.NONE
    grants: frozenset[GrantType] = frozenset({GrantType.REFRESH_TOKEN})
    scope: Scope = Scope()  # noqa: RUF009  # a frozen value
    audiences: tuple[str, ...] = ()
    introspects: tuple[str, ...] = ()
    secrets: tuple[ClientSecret, ...] = field(default=(), repr=False)
    jwks: str | None = field(default=None, repr=False)

    @property
    def is_public(self) -> bool:
        """Return whether the client is public: it cannot authenticate."""
        return self.method is AuthenticationMethod.NONE


FIRST_PARTY_CLIENT: Final = Client(FIRST_PARTY)
"""The built-in client. It is registered nowhere."""


def client_id_fault(text: str) -> str | None:
    """Return what is wrong with the id of a new client, and what to change; ``None`` if nothing is.

    It must not have the form of a user's ``sub`` (22 characters of base64url). RFC 6749 Appendix A.1 would allow more
    characters; these need no escape in a URL (RFC 3986 §2.3).
    """
    if not 1 <= len(text) <= MAX_CLIENT_ID_LENGTH:
        return f"must have 1 to {MAX_CLIENT_ID_LENGTH} characters"
    if fault := name_fault(text):
        return fault
    for position, character in enumerate(text, start=1):
        if character not in _CLIENT_ID_CHARACTERS:
            return (
                f"must not have {describe_character(character)} at position {position}; use letters, digits and . _ ~ -"
            )
    if _LIKE_A_SUBJECT.fullmatch(text):
        return "must not be 22 letters, digits, _ and -, as in the id of a user; make it longer or shorter"
    return None


def are_audiences(values: Sequence[str]) -> bool:
    """Return whether ``values`` are at most 20 different texts of 1 to 255 visible ASCII characters without "#": a
    resource has no fragment (RFC 8707 §2).
    """
    return (
        len(values) <= MAX_AUDIENCES
        and len(set(values)) == len(values)
        and all(_AUDIENCE.fullmatch(value) for value in values)
    )
