"""An OAuth 2.0 client (RFC 6749 §2)."""

from dataclasses import dataclass
from typing import Final

from .identifiers import FIRST_PARTY, ClientId


@dataclass(frozen=True, slots=True)
class Client:
    """A program that holds tokens. A public one keeps no secret (RFC 6749 §2.1)."""

    client_id: ClientId


FIRST_PARTY_CLIENT: Final = Client(FIRST_PARTY)
