"""Sign tokens with the active key."""

from collections.abc import Callable
from typing import Final

from ...ports.signer import Signer
from ...ports.token_codec import TokenCodec
from ..keys.errors import SignerUnavailable, UnknownKey
from ..keys.lifecycle import KeyLifecycle

_ATTEMPTS: Final = 3


class TokenSigning:
    """Signs with the active key. A key may be removed while it signs, so the key is looked at again afterwards."""

    def __init__(self, *, keys: KeyLifecycle, codec: TokenCodec, signer: Signer) -> None:
        self._keys = keys
        self._codec = codec
        self._signer = signer

    async def sign(self, signing_input: Callable[[str], bytes]) -> str:
        """Return the token of ``signing_input(kid)``, where ``kid`` names the key that is active at the end; raises as
        ``signature``.
        """
        return self._codec.assemble(*await self.signature(signing_input))

    async def signature(self, signing_input: Callable[[str], bytes]) -> tuple[bytes, bytes]:
        """Return ``signing_input(kid)`` and its signature, where ``kid`` names the key that is active at the end.

        Raises ``SignerUnavailable``, also if no key is active or the signer does not have it.
        """
        kid = self._keys.signing_kid()
        for _ in range(_ATTEMPTS):
            message = signing_input(kid)
            try:
                signature = await self._signer.sign(kid, message)
            except UnknownKey as error:
                if self._keys.signing_kid() == kid:
                    raise SignerUnavailable from error
            else:
                if self._keys.signing_kid() == kid:
                    return message, signature
            kid = self._keys.signing_kid()
        raise SignerUnavailable
