"""When signing keys may start to sign and when they are gone, such that no verifier notices."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .signing_key import KeyState, SigningKey, active_key, successor

NOTICE_SECONDS: Final = 5
"""Seconds within which every instance has noticed what another did to the keys."""

_KEPT_SECONDS: Final = 86_400
"""For which a key that is gone is kept, so that a clock which jumps ahead for a while deletes none that is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPolicy:
    """All are seconds. ``period`` is from one activation to the next, ``None`` where keys rotate by hand only;
    ``jwks_max_age`` is for how long verifiers keep the JWK Set.
    """

    period: int | None
    jwks_max_age: int
    access_token_lifetime: int
    leeway: int

    def lead(self) -> int:
        """Return for how long a key is published before it signs: until each verifier's JWK Set has it."""
        return self.jwks_max_age + self.leeway + NOTICE_SECONDS

    def tail(self) -> int:
        """Return for how long a key verifies after the next has begun to sign: until its last token has expired, and
        each verifier has fetched the JWK Set anew.
        """
        return self.access_token_lifetime + self.jwks_max_age + self.leeway + NOTICE_SECONDS

    def earliest_activation(self, published_at: float) -> float:
        """Return from when, in whole seconds, a key published at ``published_at`` may sign."""
        return float(math.ceil(published_at + self.lead()))

    def at_once(self, now: float) -> float:
        """Return the moment, in whole seconds, that has come by every instance's clock where one says ``now``."""
        return float(math.floor(now - self.leeway))

    def scheduled_activation(self, keys: Sequence[SigningKey], now: float) -> float:
        """Return when a key that is published at ``now`` to follow ``keys`` starts to sign, in whole seconds; the first
        does at once.
        """
        if not keys:
            return self.at_once(now)
        last = max(key.activates_at for key in keys)
        return max(self.earliest_activation(now), math.ceil(last + (self.period or 0)))

    def gone_at(self, key: SigningKey, keys: Sequence[SigningKey]) -> float | None:
        """Return when ``key`` is gone from among ``keys``; ``None`` while no key is to follow it."""
        follower = successor(key, keys)
        return None if follower is None else follower.activates_at + self.tail()

    def state(self, key: SigningKey, keys: Sequence[SigningKey], now: float) -> KeyState:
        """Return the state of ``key`` among ``keys`` at ``now``."""
        if key.activates_at > now:
            return KeyState.PENDING
        if key == active_key(keys, now):
            return KeyState.ACTIVE
        gone_at = self.gone_at(key, keys)
        return KeyState.GONE if gone_at is not None and gone_at <= now else KeyState.RETIRING

    def published(self, keys: Sequence[SigningKey], now: float) -> list[SigningKey]:
        """Return the keys that verifiers are to have at ``now``: all that are not gone."""
        return [key for key in keys if self.state(key, keys, now) is not KeyState.GONE]

    def forgettable(self, keys: Sequence[SigningKey], now: float) -> list[SigningKey]:
        """Return the keys that have been gone for so long that they can be deleted."""
        return [key for key in keys if self.state(key, keys, now - _KEPT_SECONDS) is KeyState.GONE]
