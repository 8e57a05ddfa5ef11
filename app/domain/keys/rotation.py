"""Key rotation: replacing the signing key so that no verifier rejects a valid token."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.key_generator import KeyGenerator
from ...ports.key_ring import KeyRing
from ..audit.events import KeyDropped, KeyPublished, KeyRescheduled
from ..identifiers import Subject
from .errors import KeyChangeRefused, KeysChanged, UnknownKey
from .policy import NOTICE_SECONDS, KeyPolicy
from .signing_key import ALWAYS, KeyState, SigningKey, active_key, by_activation
from .stored_key import StoredKey


class KeyRotation:
    """Changes the keys of a ring. Several instances may do so at once; each change is made by one of them."""

    def __init__(
        self, *, ring: KeyRing, generator: KeyGenerator, clock: Clock, audit: AuditTrail, policy: KeyPolicy
    ) -> None:
        self._ring = ring
        self._generator = generator
        self._clock = clock
        self._audit = audit
        self._policy = policy

    async def keys(self) -> list[SigningKey]:
        """Return the keys of the ring, in the order in which they activate."""
        return by_activation([stored.key for stored in await self._ring.load()])

    async def maintain(self, keys: Sequence[SigningKey], *, may_delete: bool = True) -> bool:
        """Generate the next key if ``keys`` has no pending one, and delete the keys that have been gone for a day if
        ``may_delete``. If no key is active, activate the earliest one: a clock that was ahead set its time.

        Return whether the keys may have changed. Several instances may call this at the same time.
        """
        now = self._clock.now()
        if keys and active_key(keys, now) is None:
            with suppress(KeysChanged):
                await self._reschedule(by_activation(keys)[0], self._policy.immediate_activation(now))
            return True
        deletable = self._policy.deletable(keys, now) if may_delete else []
        for key in deletable:
            await self._drop(key, reason="gone")
        lacks_next = not keys or (self._policy.period is not None and by_activation(keys)[-1].activates_at <= now)
        if lacks_next:
            with suppress(KeysChanged):
                await self._generate(keys, activates_at=self._policy.scheduled_activation(keys, now))
        return lacks_next or bool(deletable)

    async def rotate(self, *, at: float | None = None, by: Subject | None = None) -> SigningKey:
        """Activate the pending key at ``at``, or as early as is safe, and return it. If there is no pending key,
        generate one. If no key is active, it activates at once: then nothing can be signed until it does. ``by`` is the
        administrator who does it, ``None`` at the command line.

        Raises ``KeyChangeRefused`` if verifiers may not have the key at ``at``.
        """
        keys, now = await self.keys(), self._clock.now()
        pending = [key for key in keys if key.activates_at > now]
        earliest = self._policy.earliest_activation(pending[0].published_at if pending else now)
        is_active = active_key(keys, now) is not None
        earliest = max(earliest, math.ceil(now)) if is_active else self._policy.immediate_activation(now)
        if at is not None and at < earliest:
            raise KeyChangeRefused("Verifiers may not have the key by then.", safe_at=earliest)
        activates_at = float(earliest if at is None else at)
        if not pending:
            return await self._generate(keys, activates_at=activates_at, by=by)
        return await self._reschedule(pending[0], activates_at, by=by)

    async def retire(self, kid: str) -> SigningKey:
        """Delete a key that no valid token needs, and return it.

        Raises ``UnknownKey``. Raises ``KeyChangeRefused`` if the key is active or about to be, or if a token that it
        signed may still be valid.
        """
        keys, now = await self.keys(), self._clock.now()
        key = _find(kid, keys)
        gone_at = self._policy.gone_at(key, keys)
        match self._policy.state(key, keys, now):
            case KeyState.ACTIVE:
                raise KeyChangeRefused("This key is active; activate another key first (keys rotate).", safe_at=gone_at)
            case KeyState.RETIRING:
                raise KeyChangeRefused("Tokens that this key signed may still be valid.", safe_at=gone_at)
            case KeyState.PENDING:
                self._check_not_about_to_sign(key, now)
        await self._drop(key, reason="retired")
        return key

    async def compromised(self, kid: str) -> SigningKey:
        """Delete a key whose private key is known to others, and return the key that signs from now on.

        Raises ``UnknownKey``. Verifiers that follow the feed refuse the deleted key's tokens, also valid ones.
        """
        key = _find(kid, await self.keys())
        while True:
            with suppress(KeysChanged):
                signing = await self._replace_active(key)
                break
        await self._drop(key, reason="compromised")
        return signing

    async def add(self, stored: StoredKey) -> SigningKey:
        """Publish a key that was generated elsewhere, and return it with its times. It replaces the pending key, and
        signs as early as is safe; the first key of a ring signs from always.

        Raises ``KeyChangeRefused`` if the pending key is about to sign, or the ring has this key already.
        """
        keys, now = await self.keys(), self._clock.now()
        if stored.key.kid in {key.kid for key in keys}:
            raise KeyChangeRefused("This key is stored already.")
        for key in [key for key in keys if key.activates_at > now]:
            self._check_not_about_to_sign(key, now)
            await self._drop(key, reason="replaced")
            keys.remove(key)
        activates_at = self._policy.earliest_activation(now) if keys else ALWAYS
        return await self._add(replace(stored, key=SigningKey(stored.key.kid, activates_at, now)), keys)

    async def move(self, stored: Sequence[StoredKey]) -> list[SigningKey]:
        """Add the keys of another store, with their times, to a ring that has none, and return them.

        Raises ``KeyChangeRefused`` if the ring has keys.
        """
        keys = await self.keys()
        if keys:
            raise KeyChangeRefused(
                "The store has keys already; a directory can only be imported into a store without keys."
            )
        for each in sorted(stored, key=lambda one: one.key.activates_at):
            keys.append(await self._add(each, keys))
        return keys

    async def _replace_active(self, key: SigningKey) -> SigningKey:
        """Let another key than ``key`` sign, and return that key."""
        keys, now = await self.keys(), self._clock.now()
        active = active_key(keys, now)
        if active is not None and active != key:
            return active
        activates_at = max(self._policy.immediate_activation(now), key.activates_at + 1)
        pending = [each for each in keys if each.activates_at > key.activates_at]
        if pending:
            return await self._reschedule(pending[0], activates_at)
        return await self._generate(keys, activates_at=activates_at)

    async def _generate(
        self, keys: Sequence[SigningKey], *, activates_at: float, by: Subject | None = None
    ) -> SigningKey:
        stored = await self._generator.generate(published_at=self._clock.now(), activates_at=activates_at)
        return await self._add(stored, keys, by=by)

    async def _add(self, stored: StoredKey, keys: Sequence[SigningKey], *, by: Subject | None = None) -> SigningKey:
        key = stored.key
        if not await self._ring.add(stored, follows=by_activation(keys)[-1].kid if keys else None):
            raise KeysChanged
        self._audit.record(KeyPublished(at=self._clock.now(), kid=key.kid, activates_at=key.activates_at, by=by))
        return key

    async def _reschedule(self, key: SigningKey, activates_at: float, *, by: Subject | None = None) -> SigningKey:
        if not await self._ring.reschedule(key.kid, expected=key.activates_at, activates_at=activates_at):
            raise KeysChanged
        self._audit.record(KeyRescheduled(at=self._clock.now(), kid=key.kid, activates_at=activates_at, by=by))
        return replace(key, activates_at=activates_at)

    async def _drop(self, key: SigningKey, *, reason: str) -> None:
        if await self._ring.remove(key.kid):
            self._audit.record(KeyDropped(at=self._clock.now(), kid=key.kid, because=reason))

    def _check_not_about_to_sign(self, key: SigningKey, now: float) -> None:
        """Raise ``KeyChangeRefused`` if another instance, whose clock is ahead, may already sign with the key."""
        if key.activates_at <= now + self._policy.leeway + 2 * NOTICE_SECONDS:
            raise KeyChangeRefused("This key is about to sign; try again when it does.", safe_at=key.activates_at)


def _find(kid: str, keys: Sequence[SigningKey]) -> SigningKey:
    for key in keys:
        if key.kid == kid:
            return key
    raise UnknownKey(f"There is no key {kid}; keys list shows all keys.")
