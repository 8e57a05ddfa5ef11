"""The bounds of signers outside this process."""

import asyncio
from collections.abc import Sequence
from typing import Final

from ...domain.keys.errors import SignerOverloaded, SignerUnavailable
from ...domain.keys.stored_key import StoredKey
from ...ports.signer import TIME_LIMIT, Signer

_AT_ONCE: Final = 256


class BoundedSigner(Signer):
    """Keeps the bounds of the port for a signer that has none, such as a key management service.

    At most ``at_once`` signatures are under way. One that takes longer than ``time_limit`` seconds is cancelled, and
    fails with ``SignerUnavailable``. So does one for which ``signer`` raises ``OSError``.
    """

    def __init__(self, signer: Signer, *, at_once: int = _AT_ONCE, time_limit: float = TIME_LIMIT) -> None:
        self._signer = signer
        self._places = at_once
        self._time_limit = time_limit

    def install(self, keys: Sequence[StoredKey]) -> None:
        self._signer.install(keys)

    async def sign(self, kid: str, message: bytes) -> bytes:
        if not self._places:
            raise SignerOverloaded
        self._places -= 1
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._signer.sign(kid, message)
        except OSError as error:  # TimeoutError is one
            raise SignerUnavailable from error
        finally:
            self._places += 1
