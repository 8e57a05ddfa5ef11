"""The signers, and the bounds of those outside this process."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.adapters.keys.bounded_signer import BoundedSigner
from app.adapters.keys.rsa_key import to_stored_key
from app.adapters.keys.rsa_signer import RsaSigner
from app.contracts.signer import SignerContract
from app.domain.keys.errors import SignerOverloaded, SignerUnavailable
from app.domain.keys.stored_key import StoredKey
from app.ports.signer import Signer
from app.testing.signer import FakeSigner

_MESSAGE = b"header.claims"


class _WithRsaKeys(SignerContract):
    """The kit with RSA keys."""

    @pytest.fixture(autouse=True)
    def _make_keys(self, private_key: RSAPrivateKey, another_private_key: RSAPrivateKey) -> None:
        self.stored = [to_stored_key(private_key), to_stored_key(another_private_key)]

    def keys(self) -> Sequence[StoredKey]:
        return self.stored

    def matches(self, key: StoredKey, message: bytes, signature: bytes) -> bool:
        return _matches(key, message, signature)


class TestRsaSigner(_WithRsaKeys):
    """The signer of this process passes the kit."""

    async def connections(self, n: int) -> Sequence[Signer]:
        return [RsaSigner(queue=100)] * n


class TestBoundedSigner(_WithRsaKeys):
    """A slow signer with bounds passes the kit."""

    async def connections(self, n: int) -> Sequence[Signer]:
        return [BoundedSigner(SlowSigner())] * n


class SlowSigner(RsaSigner):
    """Waits a moment before each signature, and has no bounds."""

    def __init__(self) -> None:
        super().__init__(queue=1_000_000)

    async def sign(self, kid: str, message: bytes) -> bytes:
        await asyncio.sleep(0.001)
        return await super().sign(kid, message)


class StubbornSigner(FakeSigner):
    """Does not sign until ``answers`` is set, and then raises ``fault`` if there is one."""

    def __init__(self, fault: Exception | None = None) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.fault = fault

    async def sign(self, kid: str, message: bytes) -> bytes:
        await self.answers.wait()
        if self.fault is not None:
            raise self.fault
        return await super().sign(kid, message)


@pytest.fixture
def stored(private_key: RSAPrivateKey) -> StoredKey:
    """Return the key of a test that needs only one."""
    return to_stored_key(private_key)


async def _started(signer: Signer, stored: StoredKey, count: int) -> list[asyncio.Task[bytes]]:
    """Return signatures that the signer has received."""
    signer.install([stored])
    calls = [asyncio.create_task(signer.sign(stored.key.kid, _MESSAGE)) for _ in range(count)]
    await asyncio.sleep(0)
    return calls


async def test_other_tasks_run_between_signatures(stored: StoredKey) -> None:
    """Each step of the event loop makes at most so many signatures, however many are asked for at once."""
    calls = await _started(RsaSigner(per_step=3), stored, 30)
    made = [0]
    while made[-1] < len(calls):
        made.append(sum(call.done() for call in calls))
        await asyncio.sleep(0)
    assert max(after - before for before, after in pairwise(made)) == 3


async def test_signatures_are_made_in_order(stored: StoredKey) -> None:
    """Who asks first gets the first signature, also beside calls that come later."""
    signer, order = RsaSigner(per_step=2), list[int]()
    signer.install([stored])

    async def sign(number: int) -> None:
        await signer.sign(stored.key.kid, _MESSAGE)
        order.append(number)

    calls = [asyncio.create_task(sign(number)) for number in range(9)]
    await asyncio.sleep(0)
    calls += [asyncio.create_task(sign(number)) for number in range(9, 18)]
    await asyncio.gather(*calls)
    assert order == list(range(18))


async def test_a_full_queue_refuses_at_once(stored: StoredKey) -> None:
    """While as many wait as may, a further signature is refused. The waiting ones are made."""
    signer = RsaSigner(queue=5, per_step=1)
    calls = await _started(signer, stored, 6)
    with pytest.raises(SignerOverloaded):
        await signer.sign(stored.key.kid, _MESSAGE)
    assert all(_matches(stored, _MESSAGE, signature) for signature in await asyncio.gather(*calls))


async def test_who_waited_too_long_is_refused(stored: StoredKey) -> None:
    """A signature whose time is over is not made. The signer then signs as before."""
    signer = RsaSigner(per_step=2, time_limit=0)
    answers = await asyncio.gather(*await _started(signer, stored, 5), return_exceptions=True)
    assert [type(answer) for answer in answers] == [bytes] * 2 + [SignerUnavailable] * 3
    assert _matches(stored, _MESSAGE, await signer.sign(stored.key.kid, _MESSAGE))


async def test_cancelled_signatures_are_not_made(stored: StoredKey) -> None:
    """A cancelled call costs no signature and no step."""
    signer = RsaSigner(per_step=1)
    calls = await _started(signer, stored, 50)
    for call in calls[1:49]:
        call.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert calls[49].done()


async def test_a_signer_that_does_not_answer_is_unavailable(stored: StoredKey) -> None:
    """After the time limit the call fails, and its place is free again."""
    stubborn = StubbornSigner()
    signer = BoundedSigner(stubborn, at_once=3, time_limit=0.01)
    for answer in await asyncio.gather(*await _started(signer, stored, 3), return_exceptions=True):
        assert type(answer) is SignerUnavailable
    stubborn.answers.set()
    assert all(await asyncio.gather(*await _started(signer, stored, 3)))


async def test_a_signer_that_cannot_be_reached_is_unavailable(stored: StoredKey) -> None:
    """An error of the network becomes the cause of ``SignerUnavailable``. Any other error is a bug, and passes."""
    refused = ConnectionRefusedError("the signer at 192.0.2.1 is away")
    for fault, expected in ((refused, SignerUnavailable), (KeyError("kid"), KeyError)):
        stubborn = StubbornSigner(fault)
        stubborn.answers.set()
        signer = BoundedSigner(stubborn, at_once=1)
        signer.install([stored])
        for _ in range(2):
            with pytest.raises(expected) as raised:
                await signer.sign(stored.key.kid, _MESSAGE)
            assert fault in (raised.value, raised.value.__cause__)
            assert "192.0.2.1" not in str(raised.value)


async def test_a_flood_for_a_signer_elsewhere_is_refused_at_once(stored: StoredKey) -> None:
    """While as many signatures are under way as may be, a further one is refused without waiting."""
    stubborn = StubbornSigner()
    signer = BoundedSigner(stubborn, at_once=3)
    calls = await _started(signer, stored, 3)
    with pytest.raises(SignerOverloaded):
        await signer.sign(stored.key.kid, _MESSAGE)
    stubborn.answers.set()
    assert all(await asyncio.gather(*calls))


def _matches(key: StoredKey, message: bytes, signature: bytes) -> bool:
    public_key = load_der_public_key(key.public_key)
    assert isinstance(public_key, RSAPublicKey)
    try:
        public_key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
