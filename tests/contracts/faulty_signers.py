"""Signers with one fault each. They sign with hashes."""

import asyncio
from collections.abc import Sequence

from app.contracts.signer import SignerContract
from app.domain.keys.errors import SignerOverloaded, UnknownKey
from app.domain.keys.signing_key import SigningKey
from app.domain.keys.stored_key import StoredKey
from app.testing.signer import FakeSigner, fake_signature


class FakeSignerContract(SignerContract):
    """The kit with the keys and the signatures of the fake."""

    def keys(self) -> Sequence[StoredKey]:
        return [StoredKey(SigningKey(kid), b"") for kid in ("First", "Second")]

    def matches(self, key: StoredKey, message: bytes, signature: bytes) -> bool:
        return signature == fake_signature(key.key.kid, message)


class SlowSigner(FakeSigner):
    """Waits before each signature, and lets at most ``places`` wait."""

    places = 100

    async def sign(self, kid: str, message: bytes) -> bytes:
        if not self.places:
            raise SignerOverloaded
        self.places -= 1
        try:
            await asyncio.sleep(0)
            return await super().sign(kid, message)
        finally:
            self.places += 1


class SignsThePrefix(SlowSigner):
    """Only the first bytes of a message are signed."""

    async def sign(self, kid: str, message: bytes) -> bytes:
        return await super().sign(kid, message[:40])


class IgnoresTheKid(SlowSigner):
    """The first installed key signs everything."""

    async def sign(self, kid: str, message: bytes) -> bytes:
        return await super().sign(min(self.installed, default=kid), message)


class IgnoresCase(SlowSigner):
    """Upper and lower case make no difference in a ``kid``."""

    async def sign(self, kid: str, message: bytes) -> bytes:
        return await super().sign(kid.capitalize(), message)


class KeepsRemovedKeys(SlowSigner):
    """``install`` only adds keys."""

    def install(self, keys: Sequence[StoredKey]) -> None:
        self.installed |= {stored.key.kid for stored in keys}


class SignsNothingForRemovedKeys(SlowSigner):
    """If a key is removed while it signs, the signature is empty."""

    async def sign(self, kid: str, message: bytes) -> bytes:
        if kid not in self.installed:
            raise UnknownKey
        try:
            return await super().sign(kid, message)
        except UnknownKey:
            return b""


class LosesPlaces(SlowSigner):
    """A call that is cancelled keeps its place for ever."""

    async def sign(self, kid: str, message: bytes) -> bytes:
        try:
            return await super().sign(kid, message)
        except asyncio.CancelledError:
            self.places -= 1
            raise


class SharesTheMessage(SlowSigner):
    """Calls at once share a buffer, so that one signs the message of another."""

    buffer = b""

    async def sign(self, kid: str, message: bytes) -> bytes:
        self.buffer = message
        await asyncio.sleep(0)
        return await super().sign(kid, self.buffer)


class WaitsWithoutEnd(SlowSigner):
    """Any number of signatures may wait."""

    places = 1_000_000


class RefusesFloods(SlowSigner):
    """After a flood nobody gets a signature."""

    async def sign(self, kid: str, message: bytes) -> bytes:
        try:
            return await super().sign(kid, message)
        except SignerOverloaded:
            self.places = -1_000_000
            raise
