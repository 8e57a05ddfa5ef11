"""Load the signing keys, publish them, and choose the key that signs."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ...ports.clock import Clock
from ...ports.key_store import KeyStore
from ...ports.signer import Signer
from ...ports.token_codec import TokenCodec
from ..errors import ConfigurationError
from .errors import NoActiveKey
from .policy import KeyPolicy
from .signing_key import KeyState, SigningKey, active_key, by_activation
from .stored_key import StoredKey


@dataclass(frozen=True, slots=True)
class _ActiveKey:
    """The key that signs from ``since`` on, until ``until`` at least (seconds since the epoch)."""

    kid: str
    since: float
    until: float


class KeyLifecycle:
    """Installs the stored keys in the codec and the signer, and names the key that signs.

    A key that appears while this instance runs signs here only after it was published here for the lead time, even if
    its stored time is earlier. It signs immediately if the active key was removed.
    """

    def __init__(self, *, store: KeyStore, codec: TokenCodec, signer: Signer, clock: Clock, policy: KeyPolicy) -> None:
        self._store = store
        self._codec = codec
        self._signer = signer
        self._clock = clock
        self._policy = policy
        self._stored: Sequence[StoredKey] = ()
        self._not_before: dict[str, float] = {}
        self._active: _ActiveKey | None = None
        self._dropped_until: dict[str, float] = {}

    async def load(self) -> None:
        """Load the stored keys, and install those that are published. A key that cannot be read keeps its place in the
        order: another instance may sign with it. It is not installed here.

        Raises ``ConfigurationError`` and ``StoreUnavailable``, and leaves the installed keys as they are.
        """
        stored = await self._store.load()
        keys, now = [each.key for each in stored], self._clock.now()
        self._delay_new_keys(keys, now)
        self._record_dropped_keys(keys, now)
        self._stored = stored
        self._active = None
        published, installed = self._policy.published(self.keys(), now), self._codec.keys()
        needed = [each for each in stored if each.key in published and not each.fault]
        if {key.kid for key in installed} != {each.key.kid for each in needed}:
            self._signer.install(needed)
            self._codec.install(needed)

    def keys(self) -> Sequence[SigningKey]:
        """Return the stored keys, in the order in which they activate."""
        return by_activation([each.key for each in self._stored])

    def states(self) -> dict[str, KeyState]:
        """Return the state of every key, by its ``kid``."""
        keys, now = self.keys(), self._clock.now()
        return {key.kid: self._policy.state(key, keys, now) for key in keys}

    def unreadable(self) -> tuple[str, ...]:
        """Return the ``kid`` of each published key that cannot be read here. Other instances may still know it, so no
        verifier should stop to trust it.
        """
        published = self._policy.published(self.keys(), self._clock.now())
        return tuple(each.key.kid for each in self._stored if each.fault and each.key in published)

    def dropped(self) -> tuple[str, ...]:
        """Return the ``kid`` of each key that was removed while tokens still needed it, in alphabetical order. A key is
        listed until every token that it signed has expired and every verifier has fetched the JWK Set again.
        """
        now = self._clock.now()
        return tuple(sorted(kid for kid, until in self._dropped_until.items() if now < until))

    def signing_kid(self) -> str:
        """Return the ``kid`` of the key that signs now; raises ``NoActiveKey`` if there is none."""
        now = self._clock.now()
        active = self._active
        if active is None or not active.since <= now < active.until:
            active = self._active = self._choose(now)
        return active.kid

    def _choose(self, now: float) -> _ActiveKey:
        key = self._active_key(now)
        if key is None:
            raise NoActiveKey from ConfigurationError(
                "No signing key is active: every key activates in the future. keys rotate activates one now."
            )
        if fault := next((each.fault for each in self._stored if each.key.kid == key.kid), ""):
            raise NoActiveKey from ConfigurationError(fault)
        changes = [*(each.activates_at for each in self.keys()), *self._not_before.values()]
        return _ActiveKey(key.kid, now, min((each for each in changes if each > now), default=inf))

    def _active_key(self, now: float) -> SigningKey | None:
        keys = self.keys()
        allowed = [key for key in keys if self._not_before.get(key.kid, 0.0) <= now]
        return active_key(allowed, now) or active_key(keys, now)

    def _record_dropped_keys(self, keys: Sequence[SigningKey], now: float) -> None:
        """Record the active and retiring keys that are missing from ``keys``. A pending key has signed nothing."""
        kids, all_keys = {key.kid for key in keys}, by_activation({*self.keys(), *keys})
        needed = (KeyState.ACTIVE, KeyState.RETIRING)
        for key in self.keys():
            if key.kid not in kids and self._policy.state(key, all_keys, now) in needed:
                self._dropped_until[key.kid] = now + self._policy.tail()
        self._dropped_until = {kid: at for kid, at in self._dropped_until.items() if kid not in kids and now < at}

    def _delay_new_keys(self, keys: Sequence[SigningKey], now: float) -> None:
        """Let the keys that are new in ``keys`` sign after the lead time, unless no other key can sign until then."""
        known, kids = {key.kid for key in self.keys()}, {key.kid for key in keys}
        active = self._active_key(now)
        if active is None or active.kid not in kids:
            self._not_before = {}
            return
        new = dict.fromkeys(kids - known, self._policy.earliest_activation(now))
        self._not_before = {kid: at for kid, at in self._not_before.items() if kid in kids and at > now} | new
