"""When a signing key starts to sign, and when it is not needed any more, so that no verifier rejects a valid token."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .signing_key import ALWAYS, KeyState, SigningKey, active_key, successor

NOTICE_SECONDS: Final = 5
"""Every instance loads a change that another instance made within these seconds."""

_RETENTION_SECONDS: Final = 86_400
"""A key that is gone stays stored for this time: if a clock was ahead, the key may still be needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPolicy:
    """When signing keys activate and when they are removed.

    All values are seconds. ``period`` is the time between two activations, ``None`` if keys are rotated by hand only.
    Verifiers cache the JWK Set for ``jwks_max_age``.
    """

    period: int | None
    jwks_max_age: int
    access_token_lifetime: int
    leeway: int

    def lead(self) -> int:
        """Return for how long a key is published before it signs: until every verifier has fetched it."""
        return self.jwks_max_age + self.leeway + NOTICE_SECONDS

    def tail(self) -> int:
        """Return for how long a key is published after its successor has started to sign: until its last token has
        expired, and every verifier has fetched the JWK Set again.
        """
        return self.access_token_lifetime + self.jwks_max_age + self.leeway + NOTICE_SECONDS

    def earliest_activation(self, published_at: float) -> float:
        """Return when a key published at ``published_at`` may start to sign, rounded up to a second."""
        return float(math.ceil(published_at + self.lead()))

    def immediate_activation(self, now: float) -> float:
        """Return a time, rounded down to a second, that has passed by the clock of every instance."""
        return float(math.floor(now - self.leeway))

    def scheduled_activation(self, keys: Sequence[SigningKey], now: float) -> float:
        """Return when the successor of ``keys`` starts to sign if it is published at ``now``, in whole seconds. The
        first key signs from always, whatever the clock showed when it was made.
        """
        if not keys:
            return ALWAYS
        last = max(key.began_at() for key in keys)
        return max(self.earliest_activation(now), math.ceil(last + (self.period or 0)))

    def gone_at(self, key: SigningKey, keys: Sequence[SigningKey]) -> float | None:
        """Return when ``key`` is not needed any more; ``None`` if it has no successor in ``keys``."""
        follower = successor(key, keys)
        return None if follower is None else follower.activates_at + self.tail()

    def state(self, key: SigningKey, keys: Sequence[SigningKey], now: float) -> KeyState:
        """Return the state of ``key``, which is one of ``keys``, at ``now``."""
        if key.activates_at > now:
            return KeyState.PENDING
        if key == active_key(keys, now):
            return KeyState.ACTIVE
        gone_at = self.gone_at(key, keys)
        return KeyState.GONE if gone_at is not None and gone_at <= now else KeyState.RETIRING

    def published(self, keys: Sequence[SigningKey], now: float) -> list[SigningKey]:
        """Return the keys that are in the JWK Set at ``now``: all that are not gone."""
        return [key for key in keys if self.state(key, keys, now) is not KeyState.GONE]

    def deletable(self, keys: Sequence[SigningKey], now: float) -> list[SigningKey]:
        """Return the keys that have been gone for a day."""
        return [key for key in keys if self.state(key, keys, now - _RETENTION_SECONDS) is KeyState.GONE]
