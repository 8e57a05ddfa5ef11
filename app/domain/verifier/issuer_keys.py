"""Fetch the keys of an issuer, and verify tokens with the trusted ones."""

from collections.abc import Collection
from math import inf
from typing import Final

from ...ports.clock import Clock
from ...ports.issuer import Issuer
from ...ports.issuer_verifier import IssuerVerifier
from ...ports.token_verifier import TokenVerifier
from ..keys.reload import KeyReload
from ..tokens.claims import AccessTokenClaims
from .errors import IssuerFault, KeysUnknown
from .issuer_trust import IssuerTrust

_FETCH_AFTER: Final = 0.8
"""The share of the caching time after which the JWK Set is fetched again. The rest is for slow responses."""

_RETRY_SECONDS: Final = 5.0


class IssuerKeys(TokenVerifier):
    """The keys of one issuer, and the verifier of its tokens. The last usable JWK Set stays in use when a fetch fails.

    ``fetched_at`` is the time of the last successful fetch, by the steady clock. ``fault`` says why the last fetch
    failed; it is ``""`` if it succeeded.
    """

    def __init__(self, *, issuer: Issuer, verifier: IssuerVerifier, clock: Clock, reload: KeyReload) -> None:
        self._issuer = issuer
        self._verifier = verifier
        self._clock = clock
        self._reload = reload
        self._trust = IssuerTrust()
        self._fetch_at = -inf
        self._tried_at = 0.0
        self.fetched_at: float | None = None
        self.fault = ""

    async def fetch(self) -> None:
        """Fetch the JWK Set. If that fails, set ``fault`` and try again in 5 seconds; the known keys stay in use."""
        self._tried_at = self._clock.steady()
        try:
            document = await self._issuer.jwk_set()
            kids = self._verifier.set_keys(document.body)
        except IssuerFault as error:
            self.fault = error.description
            self._fetch_at = self._tried_at + _RETRY_SECONDS
        else:
            self.fault = ""
            self.fetched_at = self._tried_at
            self._fetch_at = self._tried_at + _FETCH_AFTER * document.max_age
            self._trust.set_keys(kids)
            self._verifier.trust(self._trust.kids())

    def seconds_until_fetch(self) -> float:
        """Return the seconds until the next fetch."""
        return max(0.0, self._fetch_at - self._clock.steady())

    def kids(self) -> Collection[str]:
        """Return the ``kid`` of the trusted keys."""
        return self._trust.kids()

    def dropped(self) -> Collection[str]:
        """Return the ``kid`` of all keys that the issuer has dropped."""
        return self._trust.dropped

    def apply_feed(self, published: Collection[str], dropped: Collection[str]) -> None:
        """Apply the published and the dropped keys of a feed. Request a fetch if a published key is not known."""
        self._trust.apply_feed(published, dropped)
        self._verifier.trust(self._trust.kids())
        if self._trust.lacks(published):
            self.request_fetch()

    def mark_feed_stale(self) -> None:
        """Trust all keys of the next JWK Sets, until a fresh feed arrives."""
        self._trust.feed_is_fresh = False

    def request_fetch(self) -> None:
        """Request a fetch, because a feed names an unknown key. Tokens that anyone can send do not delay it."""
        self._reload.request("feed")

    def decode(self, token: str) -> AccessTokenClaims:
        """Return the claims of ``token``; raises ``KeysUnknown`` before the first fetch, else as ``TokenVerifier``."""
        if self.fetched_at is None:
            raise KeysUnknown
        return self._verifier.decode(token)
