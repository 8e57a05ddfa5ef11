"""Signatures that anyone can make."""

from collections.abc import Sequence
from hashlib import sha256

from ..domain.keys.errors import UnknownKey
from ..domain.keys.stored_key import StoredKey
from ..ports.signer import Signer


def fake_signature(kid: str, message: bytes) -> bytes:
    """Return the signature that ``FakeSigner`` makes."""
    return sha256(kid.encode() + b" signs " + message).digest()


class FakeSigner(Signer):
    """Signs with a hash. The key ``kid-1`` is installed at first, as in ``FakeTokenCodec``. No method awaits."""

    def __init__(self) -> None:
        self.installed = frozenset({"kid-1"})

    def install(self, keys: Sequence[StoredKey]) -> None:
        self.installed = frozenset(stored.key.kid for stored in keys)

    async def sign(self, kid: str, message: bytes) -> bytes:
        if kid not in self.installed:
            raise UnknownKey
        return fake_signature(kid, message)
