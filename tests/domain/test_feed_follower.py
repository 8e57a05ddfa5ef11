"""Following the revocation feed: which feeds are applied, which are refused, and when it is stale."""

from dataclasses import replace
from itertools import product
from math import inf
from typing import Any

import pytest

from app.domain.clocks.errors import ClockInDoubt
from app.domain.clocks.trusted_clock import TrustedClock
from app.domain.identifiers import SessionId
from app.domain.keys.reload import KeyReload
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.errors import BadSignature, ExpiredToken, MalformedToken, SessionRevoked, UnknownSigner
from app.domain.tokens.feed import Feed
from app.domain.tokens.policy import MAX_TOKEN_LIFETIME, AccessTokenPolicy
from app.domain.tokens.revocation_list import RevocationList
from app.domain.tokens.revoked_session import RevokedSession
from app.domain.tokens.validation import Validation
from app.domain.verifier.errors import IssuerFault, KeysUnknown
from app.domain.verifier.feed_follower import FeedFollower
from app.domain.verifier.issuer_keys import IssuerKeys
from app.ports.issuer import FeedDocument, Issuer, JwkSetDocument
from app.ports.issuer_verifier import IssuerVerifier
from app.testing.builders import AUDIENCE, ISSUER, access_token_claims
from app.testing.system import NOW, FakeClock

ONE, OTHER = (RevokedSession(SessionId(bytes([number]) * 16), NOW) for number in (1, 2))


class Source(Issuer, IssuerVerifier):
    """An issuer with one answer for each request, and its verifier."""

    def __init__(self) -> None:
        self.feed_answer: Feed | Exception | None = None
        self.keys: list[str] | None = ["kid-1"]
        self.max_age = 600.0
        self.signer = "kid-1"
        self.requests: list[tuple[int, str | None]] = []
        self.later_pages: list[Feed | Exception] = []
        self.pages: list[str] = []
        self.trusted: list[str] = []

    async def jwk_set(self) -> JwkSetDocument:
        if self.keys is None:
            raise IssuerFault("away")
        return JwkSetDocument(b"", self.max_age)

    async def feed(self, *, since: int, etag: str | None) -> FeedDocument | None:
        self.requests.append((since, etag))
        if isinstance(self.feed_answer, IssuerFault):
            raise self.feed_answer
        return None if self.feed_answer is None else FeedDocument("feed", "tag")

    async def feed_page(self, *, after: str) -> FeedDocument:
        self.pages.append(after)
        self.feed_answer = self.later_pages.pop(0)
        if isinstance(self.feed_answer, IssuerFault):
            raise self.feed_answer
        return FeedDocument("page", None)

    def set_keys(self, jwk_set: bytes) -> list[str]:
        assert self.keys is not None
        return self.keys

    def trust(self, kids: Any) -> None:
        self.trusted = sorted(kids)

    def decode(self, token: str) -> AccessTokenClaims:
        return access_token_claims()

    def decode_feed(self, text: str) -> tuple[Feed, str]:
        if isinstance(self.feed_answer, Exception):
            raise self.feed_answer
        assert self.feed_answer is not None
        return self.feed_answer, self.signer


class Follower:
    """The parts that follow one issuer."""

    def __init__(self) -> None:
        self.source, self.clock, self.revoked = Source(), FakeClock(), RevocationList()
        self.trusted = TrustedClock(self.clock, leeway=30)
        self.reload = KeyReload(clock=self.clock)
        self.policy = AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE, lifetime=MAX_TOKEN_LIFETIME)
        self.keys = IssuerKeys(issuer=self.source, verifier=self.source, clock=self.clock, reload=self.reload)
        self.feed = FeedFollower(
            issuer=self.source,
            keys=self.keys,
            verifier=self.source,
            revoked=self.revoked,
            clock=self.trusted,
            policy=self.policy,
            stale_after=30,
        )

    def current_feed(self, **changes: Any) -> Feed:
        """Return a valid feed, issued now."""
        now = int(self.clock.now())
        feed = Feed(
            issuer=ISSUER,
            issued_at=now,
            expires_at=now + 60,
            as_of=now,
            since=0,
            window=990,
            keys=("kid-1",),
            dropped=(),
            revoked=[],
        )
        return replace(feed, **changes)

    async def poll(self, answer: Feed | Exception | None) -> str:
        """Poll an issuer that answers so; return the fault."""
        self.source.feed_answer = answer
        await self.feed.poll()
        return self.feed.fault


@pytest.fixture
async def follower() -> Follower:
    """Return a follower that has keys and a first feed."""
    follower = Follower()
    await follower.keys.fetch()
    assert await follower.poll(follower.current_feed(cut_off=int(NOW) - 100)) == ""
    return follower


async def test_each_feed_adds_its_sessions(follower: Follower) -> None:
    """The sessions of a feed are added to the known ones, and the next poll asks for the changes since that feed."""
    follower.clock.advance(2)
    await follower.poll(follower.current_feed(revoked=[ONE]))
    follower.clock.advance(2)
    await follower.poll(follower.current_feed(revoked=[OTHER], since=int(NOW) - 100))
    assert {ONE.session_id, OTHER.session_id} == {each.session_id for each in follower.revoked.since(0)}
    assert follower.source.requests == [(0, None), (NOW, "tag"), (NOW + 2, "tag")]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"issuer": "https://evil.example"}, "another issuer"),
        ({"issued_at": int(NOW) - 90, "as_of": int(NOW) - 90, "expires_at": int(NOW) - 30}, "expired"),
        ({"issued_at": int(NOW) + 31, "expires_at": int(NOW) + 91}, "future"),
        ({"issued_at": int(NOW) - 1, "as_of": int(NOW) - 1}, "older"),
        ({"expires_at": int(NOW) - 1}, "contradict"),
        ({"as_of": int(NOW) + 1}, "contradict"),
        ({"keys": ()}, "does not trust itself"),
        ({"dropped": ("kid-1",)}, "does not trust itself"),
        ({"since": int(NOW) - 59}, "leaves out"),
        ({"cut_off": int(NOW) - 101}, "cut-off"),
    ],
)
async def test_a_faulty_feed_changes_nothing(follower: Follower, change: dict[str, Any], fault: str) -> None:
    """Sessions, keys and age stay as they were, and a later good feed is applied."""
    assert fault in await follower.poll(follower.current_feed(revoked=[ONE], **change))
    assert (len(follower.revoked), follower.source.trusted, follower.feed.age()) == (0, ["kid-1"], 0)
    assert await follower.poll(follower.current_feed(revoked=[ONE])) == ""
    assert len(follower.revoked) == 1


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        ({"issued_at": int(NOW) + 30, "expires_at": int(NOW) + 90}, "the future within the leeway"),
        ({"expires_at": int(NOW)}, "an end within the leeway"),
        ({"since": int(NOW) - 60}, "an overlap of one minute"),
        ({"as_of": int(NOW) - 500}, "an instance that lags behind"),
        ({"cut_off": int(NOW) - 100}, "the cut-off that was seen before"),
    ],
)
async def test_a_feed_at_the_limit_of_a_rule_is_applied(follower: Follower, change: dict[str, Any], limit: str) -> None:
    """Each limit is inclusive."""
    assert await follower.poll(follower.current_feed(revoked=[ONE], **change)) == ""
    assert len(follower.revoked) == 1


async def test_a_feed_without_a_cut_off_keeps_the_known_one(follower: Follower) -> None:
    """An instance of an older version does not name the cut-off, and takes nothing back."""
    assert await follower.poll(follower.current_feed(cut_off=int(NOW))) == ""
    assert await follower.poll(follower.current_feed()) == ""
    assert follower.revoked.cut_off == int(NOW)


@pytest.mark.parametrize(
    ("token_lifetime", "window", "expected"),
    [(60, 150, 60), (14_400, 14_490, 14_400), (None, 990, 86_400), (900, 990, 900), (60, 85, 55)],
)
async def test_a_token_lives_as_long_as_the_feed_says(
    follower: Follower, token_lifetime: int | None, window: int, expected: int
) -> None:
    """Without the claim only ``exp`` counts. With it a token ends within the window, whatever the guard's leeway."""
    assert await follower.poll(follower.current_feed(token_lifetime=token_lifetime, window=window)) == ""
    assert follower.revoked.token_lifetime == expected


@pytest.mark.parametrize("raised", [14_400, None])
async def test_a_longer_lifetime_needs_a_complete_feed(follower: Follower, raised: int | None) -> None:
    """A follower may have forgotten what a longer lifetime needs. It asks for everything before it accepts it."""
    await follower.poll(follower.current_feed(token_lifetime=60, window=150))
    longer: dict[str, Any] = {"token_lifetime": raised, "window": 14_490}
    assert await follower.poll(follower.current_feed(since=int(NOW) - 180, **longer)) == ""
    assert follower.revoked.token_lifetime == 60
    await follower.poll(follower.current_feed(revoked=[ONE], **longer))
    assert follower.revoked.token_lifetime == (raised or 86_400)
    assert ONE.session_id in follower.revoked
    await follower.poll(None)
    assert follower.source.requests[-3:] == [(int(NOW), "tag"), (0, None), (int(NOW), "tag")]


@pytest.mark.parametrize("answers", list(product((60, 14_400), repeat=6)), ids=str)
async def test_instances_with_different_lifetimes_revive_nothing(answers: tuple[int, ...]) -> None:
    """While a setting is changed instance by instance, a guard that asks them in any order accepts no revoked token.

    The instance with the lower lifetime has forgotten the revocation. The other one has it in its complete feed only.
    """
    follower = Follower()
    await follower.keys.fetch()
    follower.revoked.token_lifetime = 60
    claims = access_token_claims(session_id=ONE.session_id, issued_at=int(NOW) - 400, expires_at=int(NOW) + 14_000)
    follower.source.decode = lambda token: claims  # type: ignore[method-assign]
    validation = Validation(
        verifier=follower.keys, revoked=follower.revoked, clock=follower.clock, policy=follower.policy
    )
    since = 0
    for lifetime in answers:
        follower.clock.advance(2)
        revoked = [RevokedSession(ONE.session_id, NOW - 300)] if lifetime == 14_400 and not since else []
        feed = follower.current_feed(since=since, revoked=revoked, token_lifetime=lifetime, window=lifetime + 90)
        assert await follower.poll(feed) == ""
        with pytest.raises((ExpiredToken, SessionRevoked)):
            validation.validate("token")
        await follower.poll(None)
        asked_for, _ = follower.source.requests[-1]
        since = asked_for and asked_for - 180


@pytest.mark.parametrize("error", [MalformedToken(), BadSignature(), IssuerFault("away")])
async def test_only_an_unknown_signer_requests_keys(follower: Follower, error: Exception) -> None:
    """Every unreadable feed sets the fault; only a feed by an unknown signer also requests a fetch of the keys."""
    assert await follower.poll(error)
    assert not follower.reload._requested.is_set()
    assert await follower.poll(UnknownSigner())
    assert follower.reload._requested.is_set()


async def test_age_counts_from_the_arrival_of_the_newest_feed(follower: Follower) -> None:
    """The age grows without an answer, without changes and with the same feed; a newer feed resets it to its lag."""
    first = follower.current_feed()
    for answer in (IssuerFault("away"), None, first):
        follower.clock.advance(10)
        await follower.poll(answer)
    assert (follower.feed.age(), follower.feed.is_stale()) == (30, False)
    follower.clock.advance(0.5)
    assert follower.feed.is_stale()
    await follower.poll(follower.current_feed(issued_at=int(NOW) + 30, as_of=int(NOW) + 25, expires_at=int(NOW) + 90))
    assert (follower.feed.age(), follower.feed.is_stale()) == (5, False)


@pytest.mark.parametrize("step", [-3_600, 3_600])
async def test_a_step_of_the_clock_forgets_nothing(follower: Follower, step: int) -> None:
    """While the clock is wrong no token is judged by it, and feeds are refused. Revoked sessions stay known. When the
    clock is right again, tokens are judged again, also if the issuer does not answer.
    """
    await follower.poll(follower.current_feed(issued_at=int(NOW) + 1, revoked=[ONE]))
    follower.clock.time += step
    with pytest.raises(ClockInDoubt):
        follower.trusted.now()
    assert await follower.poll(follower.current_feed(issued_at=int(NOW) + 2, expires_at=int(NOW) + 62))
    assert follower.trusted.is_in_doubt
    assert not follower.feed.is_stale()
    follower.clock.time -= step
    assert await follower.poll(IssuerFault("away"))
    assert follower.trusted.now() == NOW
    assert ONE.session_id in follower.revoked


async def test_a_feed_of_the_issuer_confirms_a_step(follower: Follower) -> None:
    """If a clock that was wrong is set right, the next feed shows it: its times agree with the new time."""
    follower.clock.time += 40
    with pytest.raises(ClockInDoubt):
        follower.trusted.now()
    assert await follower.poll(follower.current_feed(issued_at=int(NOW) + 40, expires_at=int(NOW) + 100)) == ""
    assert follower.trusted.now() == NOW + 40


async def test_the_age_of_a_delayed_feed_counts_from_its_own_time(follower: Follower) -> None:
    """A feed that arrives late has the age that its own time says, less the leeway."""
    follower.clock.advance(80)
    late = follower.current_feed(issued_at=int(NOW) + 1, as_of=int(NOW) + 1, expires_at=int(NOW) + 61)
    assert await follower.poll(late) == ""
    assert follower.feed.age() == 79 - 30
    assert follower.feed.is_stale()


async def test_the_feed_is_stale_before_the_first_poll() -> None:
    """Before the first feed the age is infinite."""
    assert (Follower().feed.age(), Follower().feed.is_stale()) == (inf, True)


async def test_keys_are_fetched_again_before_they_expire() -> None:
    """A fetch is due at the start, after four fifths of the lifetime, and 5 s after a failure, whatever the wall clock
    shows.
    """
    follower = Follower()
    assert follower.keys.seconds_until_fetch() == 0
    await follower.keys.fetch()
    assert follower.keys.seconds_until_fetch() == 480
    follower.clock.advance(480)
    assert follower.keys.seconds_until_fetch() == 0
    follower.source.keys = None
    await follower.keys.fetch()
    assert (follower.keys.seconds_until_fetch(), follower.keys.fault, follower.source.trusted) == (5, "away", ["kid-1"])
    follower.clock.time -= 3_600
    assert follower.keys.seconds_until_fetch() == 5


async def test_tokens_need_a_first_fetch_of_the_keys() -> None:
    """Before the first fetch decoding raises ``KeysUnknown``; after it, a failed fetch changes nothing."""
    follower = Follower()
    with pytest.raises(KeysUnknown):
        follower.keys.decode("token")
    await follower.keys.fetch()
    follower.source.keys = None
    await follower.keys.fetch()
    assert follower.keys.decode("token")
