"""The contract of a signer (``app.ports.signer``)."""

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest

from ..domain.keys.errors import SignerUnavailable, UnknownKey
from ..domain.keys.stored_key import StoredKey
from ..ports.signer import Signer
from .kit import RACERS, RepositoryContract
from .sentences import must_raise

_MESSAGE: Final = b"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9"

FLOOD: Final = 2_000
"""More signatures than any signer should let wait."""


class SignerContract(RepositoryContract[Signer]):
    """Behaviour, atomicity and concurrency.

    A signer also overrides ``keys`` and ``matches``. Its ``connections`` return signers that have no key installed yet.
    """

    def keys(self) -> Sequence[StoredKey]:
        """Return two keys that the signer can sign with."""
        raise NotImplementedError

    def matches(self, key: StoredKey, message: bytes, signature: bytes) -> bool:
        """Return whether ``signature`` is one of ``message`` by ``key``."""
        raise NotImplementedError

    async def installed(self) -> tuple[Signer, StoredKey, StoredKey]:
        """Return a signer, and the two keys that are installed in it."""
        [signer] = await self.connections(1)
        first, second = self.keys()
        signer.install([first, second])
        return signer, first, second

    async def signs(self, signer: Signer, key: StoredKey) -> bool:
        """Return whether the signer signs with ``key`` now."""
        try:
            return self.matches(key, _MESSAGE, await signer.sign(key.key.kid, _MESSAGE))
        except (SignerUnavailable, UnknownKey):
            return False

    @pytest.mark.parametrize("message", [b"", b"\x00\xff", _MESSAGE, _MESSAGE * 10_000])
    async def test_signature_is_of_the_message_and_the_key(self, message: bytes) -> None:
        """Each key signs any bytes. The signature is of no other message and by no other key."""
        signer, first, second = await self.installed()
        for key, other in ((first, second), (second, first)):
            signature = await signer.sign(key.key.kid, message)
            assert self.matches(key, message, signature), "the signature is not one of the message by the key"
            assert not self.matches(key, message + b".", signature), "the signature is also one of another message"
            assert not self.matches(other, message, signature), "the signature is also one by another key"

    async def test_unknown_kid_is_refused(self) -> None:
        """A signer without keys refuses every ``kid``, and one with keys refuses any other."""
        [signer] = await self.connections(1)
        first, second = self.keys()
        with must_raise(UnknownKey, "sign signed with a kid that is not installed"):
            await signer.sign(first.key.kid, _MESSAGE)
        signer.install([first])
        for kid in (second.key.kid, "", first.key.kid[:-1], first.key.kid.swapcase()):
            with must_raise(UnknownKey, "sign signed with a kid that is not installed"):
                await signer.sign(kid, _MESSAGE)

    async def test_install_replaces_the_keys(self) -> None:
        """A key that is left out signs no more. It signs again after it is installed again."""
        signer, first, second = await self.installed()
        signer.install([second])
        with must_raise(UnknownKey, "sign signed with a kid that is not installed"):
            await signer.sign(first.key.kid, _MESSAGE)
        assert await self.signs(signer, second), "after install the signer does not sign with the key that stayed"
        signer.install([second, first])
        assert await self.signs(signer, first), "after install the signer does not sign with a key that is back"

    async def test_key_may_be_removed_while_it_signs(self) -> None:
        """Each call that is under way then returns its signature, or raises ``UnknownKey``."""
        signer, first, second = await self.installed()
        messages = [_message(number) for number in range(RACERS)]
        calls = [asyncio.create_task(signer.sign(first.key.kid, message)) for message in messages]
        await asyncio.sleep(0)
        signer.install([second])
        for message, answer in zip(messages, await asyncio.gather(*calls, return_exceptions=True), strict=True):
            assert isinstance(answer, UnknownKey) or (
                isinstance(answer, bytes) and self.matches(first, message, answer)
            ), "a call whose key was removed returned neither a signature of its message nor UnknownKey"
        assert await self.signs(signer, second), "the signer does not sign with the key that replaced another"

    async def test_cancelled_calls_take_no_place(self) -> None:
        """However many calls are cancelled, at once or later, the signer then signs as before."""
        signer, first, _ = await self.installed()
        for _ in range(3):
            calls = [asyncio.create_task(signer.sign(first.key.kid, _MESSAGE)) for _ in range(FLOOD)]
            await asyncio.sleep(0)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        assert await self.signs(signer, first), (
            "after many cancelled calls the signer signs no more: each of them still takes a place"
        )

    async def test_calls_at_once_get_their_own_signatures(self) -> None:
        """Of many calls at once, with different messages and keys, each gets the signature that it asked for."""
        signer, first, second = await self.installed()
        wanted = [((first, second)[number % 2], _message(number)) for number in range(RACERS)]
        signatures = await asyncio.gather(*(signer.sign(key.key.kid, message) for key, message in wanted))
        for (key, message), signature in zip(wanted, signatures, strict=True):
            assert self.matches(key, message, signature), "a call got the signature of another call, or another key"

    async def test_flood_is_refused_and_then_over(self) -> None:
        """Of a flood of calls at most half wait. The others are refused at once, if they are not answered at once.
        Afterwards the signer signs as before.
        """
        signer, first, _ = await self.installed()
        calls = [asyncio.create_task(signer.sign(first.key.kid, _MESSAGE)) for _ in range(FLOOD)]
        await asyncio.sleep(0)
        assert sum(not call.done() for call in calls) <= FLOOD // 2, (
            "more than half of a flood of calls wait: the signer refuses none of them"
        )
        answers = await asyncio.gather(*calls, return_exceptions=True)
        signatures = [answer for answer in answers if not isinstance(answer, SignerUnavailable)]
        assert signatures, "every call of a flood was refused"
        assert all(isinstance(each, bytes) and self.matches(first, _MESSAGE, each) for each in signatures), (
            "a call of a flood returned another signature than that of its message, or raised another error"
        )
        assert await self.signs(signer, first), "after a flood the signer signs no more"


def _message(number: int) -> bytes:
    return _MESSAGE + str(number).encode()
