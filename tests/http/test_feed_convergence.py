"""Followers miss no revocation, although instances learn of them late, out of order, and with wrong clocks."""

import random

import pytest

from app.adapters.http.api.revoked_sessions import PublishedFeeds
from app.domain.clocks.trusted_clock import TrustedClock
from app.domain.identifiers import SessionId
from app.domain.keys.lifecycle import KeyLifecycle
from app.domain.keys.reload import KeyReload
from app.domain.sessions.revocation import Revocation
from app.domain.tokens import revocation_order
from app.domain.tokens.feed import Feed
from app.domain.tokens.policy import AccessTokenPolicy
from app.domain.tokens.revocation_feed import RevocationFeed
from app.domain.tokens.revocation_list import RevocationList
from app.domain.tokens.revocation_order import RevocationPosition
from app.domain.tokens.revoked_session import RevokedSession
from app.domain.tokens.signing import TokenSigning
from app.domain.verifier.feed_follower import FeedFollower
from app.domain.verifier.issuer_keys import IssuerKeys
from app.ports.issuer import FeedDocument, JwkSetDocument
from app.ports.session_repository import RevocationPage
from app.testing.audit import FakeAuditTrail
from app.testing.builders import AUDIENCE, ISSUER, KEY_POLICY
from app.testing.keys import FakeKeyStore
from app.testing.signer import FakeSigner
from app.testing.system import NOW, FakeClock
from app.testing.tokens import FakeTokenCodec
from tests.conftest import Proof

_POLICY = AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE)
_SKEWS = (1, 10, 29)
"""Seconds by which the clocks of the instances may be wrong. An instance with a greater difference is not ready."""

_GREATEST_SKEW_OF_GUARD = 1
"""Seconds. The clock of a guard differs from that of an instance by no more than the leeway."""

_LATEST_COMMIT = 55
"""Seconds. It is less than the minute that instances read again."""

_ACTIVE_SECONDS = 600
_QUIET_SECONDS = 90


class SlowStore:
    """A store that shows each revocation some time after it was made."""

    def __init__(self) -> None:
        self.now = NOW
        self.commits: list[tuple[float, RevokedSession]] = []

    async def find_cut_off(self) -> None:
        """Return ``None``: nobody ends all sessions here."""

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        return RevocationPage([each for at, each in self.commits if at <= self.now and each.revoked_at >= moment], None)


class Instance:
    """An instance of the service with its own clock. It syncs each second while it reaches the store."""

    def __init__(self, store: SlowStore, skew: float) -> None:
        self.clock = FakeClock(NOW + skew)
        self.codec = FakeTokenCodec()
        self.revoked = RevocationList()
        self._since: float | None = None
        self.revocation = Revocation(
            sessions=store,  # type: ignore[arg-type]  # the test calls only these methods
            lookup=None,  # type: ignore[arg-type]  # logging out is not tested here
            revoked=self.revoked,
            clock=self.clock,
            audit=FakeAuditTrail(),
            policy=_POLICY,
        )
        signer = FakeSigner()
        keys = KeyLifecycle(store=FakeKeyStore(), codec=self.codec, signer=signer, clock=self.clock, policy=KEY_POLICY)
        keys.signing_kid = lambda: "kid-1"  # type: ignore[method-assign]
        feed = RevocationFeed(
            revoked=self.revoked,
            keys=keys,
            codec=self.codec,
            signing=TokenSigning(keys=keys, codec=self.codec, signer=signer),
            clock=self.clock,
            policy=_POLICY,
        )
        self.documents = PublishedFeeds(feed, self.clock)

    async def sync_revocations(self) -> None:
        """Read the revocations of other instances."""
        self._since = await self.revocation.sync_revocations(self._since)


class Balancer:
    """A load balancer. It chooses a new instance for each request, or stays with one for long."""

    def __init__(self, instances: list[Instance], choose: random.Random) -> None:
        self._instances, self._choose = instances, choose
        self._stay_probability = choose.choice((0, 0.99))
        self._instance = choose.choice(instances)
        self.complete_feeds = self.later_pages = 0

    async def jwk_set(self) -> JwkSetDocument:
        raise NotImplementedError

    async def feed(self, *, since: int, etag: str | None) -> FeedDocument | None:
        if self._choose.random() >= self._stay_probability:
            self._instance = self._choose.choice(self._instances)
        document = await self._instance.documents.page(since, None)
        assert document.feed is not None
        self.complete_feeds += document.feed.since == 0
        self.answer = document.feed
        tag = f"{document.etag} of {id(self._instance)}"  # the fake's signatures are the same on every instance
        return None if tag == etag else FeedDocument(document.body.decode(), tag)

    async def feed_page(self, *, after: str) -> FeedDocument:
        instance = self._choose.choice(self._instances)
        document = await instance.documents.page(0, RevocationPosition.parse(after))
        assert document.feed is not None
        self.answer = document.feed
        self.later_pages += 1
        return FeedDocument(document.body.decode(), None)

    def decode_feed(self, text: str) -> tuple[Feed, str]:
        return self.answer, "kid-1"

    def trust(self, kids: object) -> None:
        """Trust any key."""


@pytest.mark.proof("feed")
async def test_no_revocation_is_missed(proof: Proof, monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower that polls instances in any order, also page by page, knows every revoked session in the end. If the
    clocks differ by at most a second, it rarely needs the complete feed.
    """
    monkeypatch.setattr(revocation_order, "MAX_BLOCK", 16)
    histories = proof.count("histories", small=20, full=1_000)
    choose = random.Random(proof.seed())  # noqa: S311  # the histories need no secure randomness
    revocations = 0
    for _ in range(histories):
        revocations += await _follow(choose)
    proof.measured("revocations", revocations)


async def _follow(choose: random.Random) -> int:
    store, skew = SlowStore(), choose.choice(_SKEWS)
    instances = [Instance(store, choose.uniform(-skew, skew)) for _ in range(3)]
    for instance in instances:
        await instance.sync_revocations()
    offline = {instance: _outages(choose) for instance in instances}
    balancer = Balancer(instances, choose)
    skew_of_guard = min(skew, _GREATEST_SKEW_OF_GUARD)
    clock, revoked = FakeClock(NOW + choose.uniform(-skew_of_guard, skew_of_guard)), RevocationList()
    keys = IssuerKeys(issuer=balancer, verifier=balancer, clock=clock, reload=KeyReload(clock=clock))  # type: ignore[arg-type]
    follower = FeedFollower(
        issuer=balancer,
        keys=keys,
        verifier=balancer,  # type: ignore[arg-type]  # the balancer keeps the decoded feed
        revoked=revoked,
        clock=TrustedClock(clock, leeway=_POLICY.leeway),
        policy=_POLICY,
        stale_after=30,
    )
    for second in range(_ACTIVE_SECONDS + _QUIET_SECONDS):
        for each in (clock, *(instance.clock for instance in instances)):
            each.advance(1)
        store.now += 1
        if second < _ACTIVE_SECONDS and choose.random() < 0.2:
            by = choose.choice(instances)
            session = RevokedSession(SessionId(choose.randbytes(16)), by.clock.now())
            store.commits.append((store.now + choose.choice((0, choose.uniform(0, _LATEST_COMMIT))), session))
            if choose.random() < 0.5:
                by.revoked.add(session)
        for instance in instances:
            if second >= _ACTIVE_SECONDS or second not in offline[instance]:
                await instance.sync_revocations()
        if choose.random() < 0.5:
            await follower.poll()
    assert {each.session_id for _, each in store.commits} == {each.session_id for each in revoked.since(0)}
    assert not follower.is_stale()
    assert balancer.later_pages
    assert skew > 1 or balancer.complete_feeds < 30
    return len(store.commits)


def _outages(choose: random.Random) -> set[int]:
    """Return the seconds in which an instance does not reach its store."""
    offline: set[int] = set()
    for _ in range(choose.randrange(3)):
        begins = choose.randrange(1, _ACTIVE_SECONDS)
        offline |= set(range(begins, begins + choose.choice((5, 60, 300))))
    return offline
