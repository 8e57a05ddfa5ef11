"""Key rotation: replacing the signing key such that no verifier notices."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.key_generator import KeyGenerator
from ...ports.key_ring import KeyRing
from ..audit.events import KeyDropped, KeyPublished, KeyRescheduled
from .errors import KeyChangeRefused, KeysChanged, UnknownKey
from .policy import NOTICE_SECONDS, KeyPolicy
from .signing_key import KeyState, SigningKey, active_key, by_activation
from .stored_key import StoredKey


class KeyRotation:
    """Changes the keys of a ring. Any number of instances may do so at once; each change is made by one of them."""

    def __init__(
        self, *, ring: KeyRing, generator: KeyGenerator, clock: Clock, audit: AuditTrail, policy: KeyPolicy
    ) -> None:
        self._ring = ring
        self._generator = generator
        self._clock = clock
        self._audit = audit
        self._policy = policy

    async def keys(self) -> list[SigningKey]:
        """Return the keys of the ring, the earliest to activate first."""
        return by_activation([stored.key for stored in await self._ring.load()])

    async def maintain(self, keys: Sequence[SigningKey]) -> bool:
        """Make the key that is to come, if ``keys`` has none, and delete what has long been gone; return whether
        anything may have changed. Another instance may do the same at the same time.
        """
        now = self._clock.now()
        forgettable = self._policy.forgettable(keys, now)
        for key in forgettable:
            await self._drop(key, because="gone")
        lacks_next = not keys or (self._policy.period is not None and by_activation(keys)[-1].activates_at <= now)
        if lacks_next:
            with suppress(KeysChanged):
                await self._make(keys, activates_at=self._policy.scheduled_activation(keys, now))
        return lacks_next or bool(forgettable)

    async def rotate(self, *, at: float | None = None) -> SigningKey:
        """Let the pending key (a new one if there is none) sign from ``at`` on, or as early as is safe; return it.

        Raises ``KeyChangeRefused`` for a moment at which verifiers may not have it yet.
        """
        keys, now = await self.keys(), self._clock.now()
        pending = [key for key in keys if key.activates_at > now]
        earliest = self._policy.earliest_activation(pending[0].published_at if pending else now)
        earliest = max(earliest, math.ceil(now)) if keys else self._policy.at_once(now)
        if at is not None and at < earliest:
            raise KeyChangeRefused("Verifiers may not have the key by then.", safe_at=earliest)
        activates_at = float(earliest if at is None else at)
        if not pending:
            return await self._make(keys, activates_at=activates_at)
        return await self._reschedule(pending[0], activates_at)

    async def retire(self, kid: str) -> SigningKey:
        """Delete a key that no token needs; return it.

        Raises ``UnknownKey``, and ``KeyChangeRefused`` while a token that it signed may be alive, or the key signs, or
        soon will.
        """
        keys, now = await self.keys(), self._clock.now()
        key = _named(kid, keys)
        gone_at = self._policy.gone_at(key, keys)
        match self._policy.state(key, keys, now):
            case KeyState.ACTIVE:
                raise KeyChangeRefused("This key signs; let another take over first (keys rotate).", safe_at=gone_at)
            case KeyState.RETIRING:
                raise KeyChangeRefused("Tokens that this key signed can be alive.", safe_at=gone_at)
            case KeyState.PENDING:
                self._check_that_it_stays_pending(key, now)
        await self._drop(key, because="retired")
        return key

    async def compromised(self, kid: str) -> SigningKey:
        """Drop a key now, whatever it signed; return the key that signs from now on. Raises ``UnknownKey``."""
        key = _named(kid, await self.keys())
        while True:
            with suppress(KeysChanged):
                signing = await self._let_another_sign(key)
                break
        await self._drop(key, because="compromised")
        return signing

    async def add(self, stored: StoredKey) -> SigningKey:
        """Publish a key that was made elsewhere, in the place of the pending one, to sign as early as is safe; the
        first key of a ring signs at once. Return it as it is kept.

        Raises ``KeyChangeRefused`` if the pending key is about to sign, or the key is there already.
        """
        keys, now = await self.keys(), self._clock.now()
        if stored.key.kid in {key.kid for key in keys}:
            raise KeyChangeRefused("This key is there already.")
        for key in [key for key in keys if key.activates_at > now]:
            self._check_that_it_stays_pending(key, now)
            await self._drop(key, because="replaced")
            keys.remove(key)
        activates_at = self._policy.earliest_activation(now) if keys else self._policy.at_once(now)
        return await self._keep(StoredKey(SigningKey(stored.key.kid, activates_at, now), stored.pkcs8), keys)

    async def move(self, stored: Sequence[StoredKey]) -> list[SigningKey]:
        """Keep the keys of another store, with their times, in a ring that has none; return them.

        Raises ``KeyChangeRefused`` if it has some.
        """
        kept = await self.keys()
        if kept:
            raise KeyChangeRefused("There are keys already; several can only be imported where there is none.")
        for each in sorted(stored, key=lambda one: one.key.activates_at):
            kept.append(await self._keep(each, kept))
        return kept

    async def _let_another_sign(self, key: SigningKey) -> SigningKey:
        """Return the key that signs without ``key``, which may be the one that does."""
        keys, now = await self.keys(), self._clock.now()
        active = active_key(keys, now)
        if active is not None and active != key:
            return active
        activates_at = max(self._policy.at_once(now), key.activates_at + 1)
        pending = [each for each in keys if each.activates_at > key.activates_at]
        if pending:
            return await self._reschedule(pending[0], activates_at)
        return await self._make(keys, activates_at=activates_at)

    async def _make(self, keys: Sequence[SigningKey], *, activates_at: float) -> SigningKey:
        stored = await self._generator.generate(published_at=self._clock.now(), activates_at=activates_at)
        return await self._keep(stored, keys)

    async def _keep(self, stored: StoredKey, keys: Sequence[SigningKey]) -> SigningKey:
        key = stored.key
        if not await self._ring.add(stored, follows=by_activation(keys)[-1].kid if keys else None):
            raise KeysChanged
        self._audit.record(KeyPublished(at=self._clock.now(), kid=key.kid, activates_at=key.activates_at))
        return key

    async def _reschedule(self, key: SigningKey, activates_at: float) -> SigningKey:
        if not await self._ring.reschedule(key.kid, expected=key.activates_at, activates_at=activates_at):
            raise KeysChanged
        self._audit.record(KeyRescheduled(at=self._clock.now(), kid=key.kid, activates_at=activates_at))
        return replace(key, activates_at=activates_at)

    async def _drop(self, key: SigningKey, *, because: str) -> None:
        if await self._ring.remove(key.kid):
            self._audit.record(KeyDropped(at=self._clock.now(), kid=key.kid, because=because))

    def _check_that_it_stays_pending(self, key: SigningKey, now: float) -> None:
        """Another instance, whose clock is ahead, may sign with it already."""
        if key.activates_at <= now + self._policy.leeway + 2 * NOTICE_SECONDS:
            raise KeyChangeRefused("This key is about to sign; try again when it does.", safe_at=key.activates_at)


def _named(kid: str, keys: Sequence[SigningKey]) -> SigningKey:
    for key in keys:
        if key.kid == kid:
            return key
    raise UnknownKey(f"There is no key {kid}; keys list shows those that there are.")
