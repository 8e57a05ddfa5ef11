"""Sign in this process."""

import asyncio
from collections import deque
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from ...domain.keys.errors import SignerOverloaded, SignerUnavailable, UnknownKey
from ...domain.keys.stored_key import StoredKey
from ...ports.signer import TIME_LIMIT, Signer

_PADDING: Final = PKCS1v15()
_HASH: Final = SHA256()

_MAX_HASHED_ON_LOOP: Final = 1_000_000
"""Bytes, which take about a millisecond. A longer message is hashed in a thread."""

_QUEUE: Final = 1_000
_PER_STEP: Final = 3


class _Turn(NamedTuple):
    """A signature that waits. ``until`` is when its time is over, on the clock of the event loop."""

    granted: asyncio.Future[None]
    until: float


class RsaSigner(Signer):
    """Signs on the event loop, ``per_step`` signatures in each step of the loop, so that other requests run in between.

    At most ``queue`` signatures wait for their turn. They get it in the order in which they come. One that has waited
    for ``time_limit`` seconds fails: its client has probably gone.
    """

    def __init__(self, *, queue: int = _QUEUE, per_step: int = _PER_STEP, time_limit: float = TIME_LIMIT) -> None:
        self._keys: dict[str, RSAPrivateKey] = {}
        self._queue = queue
        self._per_step = per_step
        self._time_limit = time_limit
        self._taken = 0
        self._waiting: deque[_Turn] = deque()

    def install(self, keys: Sequence[StoredKey]) -> None:
        known = self._keys
        self._keys = {each.key.kid: known.get(each.key.kid) or _private_key(each) for each in keys}

    async def sign(self, kid: str, message: bytes) -> bytes:
        if self._taken < self._per_step:
            if not self._taken:
                asyncio.get_running_loop().call_soon(self._begin_step)
            self._taken += 1
        else:
            await self._turn()
        key = self._keys.get(kid)
        if key is None:
            raise UnknownKey(f"The signing key {kid} is not installed.")
        if len(message) <= _MAX_HASHED_ON_LOOP:
            return key.sign(message, _PADDING, _HASH)
        digest = await asyncio.to_thread(lambda: sha256(message).digest())
        return key.sign(digest, _PADDING, Prehashed(_HASH))

    def _turn(self) -> asyncio.Future[None]:
        """Return the turn of a new signature in a later step; raises ``SignerOverloaded``."""
        if len(self._waiting) >= self._queue:
            raise SignerOverloaded
        loop = asyncio.get_running_loop()
        turn = _Turn(loop.create_future(), loop.time() + self._time_limit)
        self._waiting.append(turn)
        return turn.granted

    def _begin_step(self) -> None:
        """Grant the turns of the next step. A call that was cancelled takes none."""
        self._taken = 0
        loop = asyncio.get_running_loop()
        while self._waiting and self._taken < self._per_step:
            granted, until = self._waiting.popleft()
            if granted.done():
                continue
            if loop.time() >= until:
                granted.set_exception(SignerUnavailable())
            else:
                granted.set_result(None)
                self._taken += 1
        if self._taken:
            loop.call_soon(self._begin_step)


def _private_key(stored: StoredKey) -> RSAPrivateKey:
    """Return the parsed private key, which takes about 30 ms. ``check_fitness`` was called when the key was loaded."""
    private_key = load_der_private_key(stored.pkcs8, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private_key, RSAPrivateKey):
        raise TypeError("a stored signing key is an RSA key")
    return private_key
