"""Which keys are published, and which of them signs."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ...ports.clock import Clock
from ...ports.key_store import KeyStore
from ...ports.token_codec import TokenCodec
from ..errors import ConfigurationError
from .policy import KeyPolicy
from .signing_key import KeyState, SigningKey, active_key, by_activation
from .stored_key import StoredKey


@dataclass(frozen=True, slots=True)
class _Signing:
    """The key that signs from ``since`` on, until ``until`` at the least (seconds since the epoch)."""

    kid: str
    since: float
    until: float


class KeyLifecycle:
    """Brings the stored keys into use, and names the one that signs.

    A key that this instance comes to know while it runs does not sign here before it was published here for the lead,
    whatever its stored time says; unless the key that signed until then was taken away.
    """

    def __init__(self, *, store: KeyStore, codec: TokenCodec, clock: Clock, policy: KeyPolicy) -> None:
        self._store = store
        self._codec = codec
        self._clock = clock
        self._policy = policy
        self._stored: Sequence[StoredKey] = ()
        self._held_until: dict[str, float] = {}
        self._signing: _Signing | None = None
        self._dropped_until: dict[str, float] = {}

    async def load(self) -> None:
        """Bring the keys into use that are stored now; raises ``ConfigurationError`` and ``StoreUnavailable``, and
        leaves those in use that are.
        """
        stored = await self._store.load()
        now = self._clock.now()
        self._hold_newcomers([each.key for each in stored], now)
        self._note_dropped([each.key for each in stored], now)
        self._stored = stored
        self._signing = None
        published = self._policy.published(self.keys(), now)
        in_use = self._codec.keys()
        if [key.kid for key in in_use] != [key.kid for key in published]:
            self._codec.install([each for each in stored if each.key in published])

    def keys(self) -> Sequence[SigningKey]:
        """Return the stored keys, the earliest to activate first."""
        return by_activation([each.key for each in self._stored])

    def states(self) -> dict[str, KeyState]:
        """Return the state of every key, by its ``kid``."""
        keys, now = self.keys(), self._clock.now()
        return {key.kid: self._policy.state(key, keys, now) for key in keys}

    def dropped(self) -> tuple[str, ...]:
        """Return the ``kid`` of the keys that this instance saw taken away while a token or a verifier may have needed
        them, for as long as one might, in order.
        """
        now = self._clock.now()
        return tuple(sorted(kid for kid, until in self._dropped_until.items() if now < until))

    def signing_kid(self) -> str:
        """Return the ``kid`` of the key that signs now; raises ``ConfigurationError`` if there is none."""
        now = self._clock.now()
        signing = self._signing
        if signing is None or not signing.since <= now < signing.until:
            signing = self._signing = self._choose(now)
        return signing.kid

    def _choose(self, now: float) -> _Signing:
        key = self._active(now)
        if key is None:
            raise ConfigurationError("No signing key is active: every key that is there begins to sign in the future.")
        changes = [*(each.activates_at for each in self.keys()), *self._held_until.values()]
        return _Signing(key.kid, now, min((each for each in changes if each > now), default=inf))

    def _active(self, now: float) -> SigningKey | None:
        keys = self.keys()
        published_for_long = [key for key in keys if self._held_until.get(key.kid, 0.0) <= now]
        return active_key(published_for_long, now) or active_key(keys, now)

    def _note_dropped(self, keys: Sequence[SigningKey], now: float) -> None:
        """A pending key that is taken away has signed nothing, and may come back."""
        kids, all_keys = {key.kid for key in keys}, by_activation({*self.keys(), *keys})
        needed = (KeyState.ACTIVE, KeyState.RETIRING)
        for key in self.keys():
            if key.kid not in kids and self._policy.state(key, all_keys, now) in needed:
                self._dropped_until[key.kid] = now + self._policy.tail()
        self._dropped_until = {kid: at for kid, at in self._dropped_until.items() if kid not in kids and now < at}

    def _hold_newcomers(self, keys: Sequence[SigningKey], now: float) -> None:
        known = {key.kid for key in self.keys()}
        kids = {key.kid for key in keys}
        signed = self._active(now)
        if signed is None or signed.kid not in kids:
            self._held_until = {}
            return
        newcomers = dict.fromkeys(kids - known, self._policy.earliest_activation(now))
        self._held_until = {kid: at for kid, at in self._held_until.items() if kid in kids and at > now} | newcomers
