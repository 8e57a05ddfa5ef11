"""The signer: it has the private keys."""

from collections.abc import Sequence
from typing import Final, Protocol

from ..domain.keys.stored_key import StoredKey

TIME_LIMIT: Final = 5.0
"""Seconds after which a signature fails."""


class Signer(Protocol):
    """Signs with the installed keys, in this process or anywhere else.

    Signing changes nothing: a call may be repeated, and it may be cancelled at any time. Many calls may run at once.
    Each of them returns the signature of its own message.
    """

    def install(self, keys: Sequence[StoredKey]) -> None:
        """Replace the keys that sign. It does no I/O.

        A call of ``sign`` that runs meanwhile with a key that is not among ``keys`` returns its signature, or raises
        ``UnknownKey``.
        """
        ...

    async def sign(self, kid: str, message: bytes) -> bytes:
        """Return the RS256 signature of ``message``: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3), as long as the
        modulus.

        Raises ``UnknownKey`` if no installed key has this ``kid``, and ``SignerOverloaded`` at once if too many
        signatures wait already. Raises ``SignerUnavailable`` if the signer cannot be reached, or has not answered after
        ``TIME_LIMIT``. Anything else that it raises is a bug.
        """
        ...
