"""The issuer's keys, as another service holds them."""

from collections.abc import Collection
from typing import Final

from ...ports.clock import Clock
from ...ports.issuer import Issuer
from ...ports.issuer_verifier import IssuerVerifier
from ..keys.reload import KeyReload
from ..tokens.claims import AccessTokenClaims
from .errors import IssuerFault, KeysUnknown
from .issuer_trust import IssuerTrust

_FETCHED_AFTER: Final = 0.8
"""Of the time for which a JWK Set may be kept: the rest is for issuers that are slow to answer."""

_TRIED_AGAIN_SECONDS: Final = 5.0


class IssuerKeys:
    """Fetches the keys when that is due, and keeps the last good ones; verifies with those that are trusted."""

    def __init__(self, *, issuer: Issuer, verifier: IssuerVerifier, clock: Clock, reload: KeyReload) -> None:
        self._issuer = issuer
        self._verifier = verifier
        self._clock = clock
        self._reload = reload
        self._trust = IssuerTrust()
        self._due_at = 0.0
        self._tried_at = 0.0
        self.fetched_at: float | None = None
        self.fault = ""

    async def fetch(self) -> None:
        """Fetch the keys. Where that fails, those in use stay in use, ``fault`` says why, and it is due again soon."""
        self._tried_at = self._clock.now()
        try:
            document = await self._issuer.jwk_set()
            held = self._verifier.set_keys(document.body)
        except IssuerFault as error:
            self.fault = error.description
            self._due_at = self._tried_at + _TRIED_AGAIN_SECONDS
        else:
            self.fault = ""
            self.fetched_at = self._tried_at
            self._due_at = self._tried_at + _FETCHED_AFTER * document.max_age
            self._trust.set_keys(held)
            self._verifier.trust(self._trust.kids())

    def due_in(self) -> float:
        """Return in how many seconds the keys are to be fetched; at once, if the clock was set back."""
        now = self._clock.now()
        return max(0.0, self._due_at - now) if now >= self._tried_at else 0.0

    def kids(self) -> Collection[str]:
        """Return the ``kid`` of the keys that are trusted."""
        return self._trust.kids()

    def dropped(self) -> Collection[str]:
        """Return the ``kid`` of all keys that the issuer said it dropped."""
        return self._trust.dropped

    def apply_feed(self, published: Collection[str], dropped: Collection[str]) -> None:
        """Trust no key that a feed drops, ever again, nor one of those here that it does not name. Ask for a fetch, if
        it names a key that is not here.
        """
        self._trust.apply_feed(published, dropped)
        self._verifier.trust(self._trust.kids())
        if self._trust.lacks(published):
            self._reload.request()

    def without_feed(self) -> None:
        """Note that no feed is fresh: a JWK Set that is fetched from now on says by itself which keys are published."""
        self._trust.feed_is_fresh = False

    def request(self) -> None:
        """Ask for a fetch, on account of an unknown key."""
        self._reload.request()

    def decode(self, token: str) -> AccessTokenClaims:
        """Return what ``token`` says, as every verifier does; raises ``KeysUnknown`` if no key was ever fetched."""
        if self.fetched_at is None:
            raise KeysUnknown
        return self._verifier.decode(token)
