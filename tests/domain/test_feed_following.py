"""Following a feed: what is taken, what is refused, and how old the knowledge is."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from app.domain.identifiers import SessionId
from app.domain.keys.reload import KeyReload
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.errors import BadSignature, MalformedToken, UnknownSigner
from app.domain.tokens.feed import Feed
from app.domain.tokens.policy import AccessTokenPolicy
from app.domain.tokens.revocation_list import RevocationList
from app.domain.tokens.revoked_session import RevokedSession
from app.domain.verifier.errors import IssuerFault, KeysUnknown
from app.domain.verifier.feed_following import FeedFollowing
from app.domain.verifier.issuer_keys import IssuerKeys
from app.ports.issuer import FeedDocument, JwkSetDocument
from app.testing.builders import AUDIENCE, ISSUER, access_token_claims
from app.testing.system import NOW, FakeClock

ONE, OTHER = (RevokedSession(SessionId(bytes([number]) * 16), NOW) for number in (1, 2))


class Source:
    """An issuer that has one answer to each question, and a verifier for it."""

    def __init__(self) -> None:
        self.feed_answer: Feed | Exception | None = None
        self.keys: list[str] | None = ["kid-1"]
        self.max_age = 600.0
        self.signer = "kid-1"
        self.asked: list[tuple[int, str | None]] = []
        self.trusted: list[str] = []

    async def jwk_set(self) -> JwkSetDocument:
        if self.keys is None:
            raise IssuerFault("away")
        return JwkSetDocument(b"", self.max_age)

    async def feed(self, *, since: int, etag: str | None) -> FeedDocument | None:
        self.asked.append((since, etag))
        if isinstance(self.feed_answer, IssuerFault):
            raise self.feed_answer
        return None if self.feed_answer is None else FeedDocument("feed", "tag")

    def set_keys(self, _: bytes) -> list[str]:
        assert self.keys is not None
        return self.keys

    def trust(self, kids: Any) -> None:
        self.trusted = sorted(kids)

    def decode(self, token: str) -> AccessTokenClaims:
        return access_token_claims()

    def decode_feed(self, _: str) -> tuple[Feed, str]:
        if isinstance(self.feed_answer, Exception):
            raise self.feed_answer
        assert self.feed_answer is not None
        return self.feed_answer, self.signer


class Follower:
    """Everything that follows one issuer."""

    def __init__(self) -> None:
        self.source, self.clock, self.revoked = Source(), FakeClock(), RevocationList()
        self.reload = KeyReload(clock=self.clock)
        self.keys = IssuerKeys(issuer=self.source, verifier=self.source, clock=self.clock, reload=self.reload)
        self.feed = FeedFollowing(
            issuer=self.source,
            keys=self.keys,
            verifier=self.source,
            revoked=self.revoked,
            clock=self.clock,
            policy=AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE),
            stale_after=30,
        )

    def good(self, **changes: Any) -> Feed:
        """Return a feed of this moment."""
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

    async def hear(self, answer: Feed | Exception | None) -> str:
        """Poll, and return the fault."""
        self.source.feed_answer = answer
        await self.feed.poll()
        return self.feed.fault


@pytest.fixture
async def follower() -> Follower:
    """Return one that has keys and a first feed."""
    follower = Follower()
    await follower.keys.fetch()
    assert await follower.hear(follower.good()) == ""
    return follower


async def test_what_is_new_is_taken(follower: Follower) -> None:
    """Sessions are added to those that are known, and the next question is for what comes after."""
    follower.clock.advance(2)
    await follower.hear(follower.good(revoked=[ONE]))
    follower.clock.advance(2)
    await follower.hear(follower.good(revoked=[OTHER], since=int(NOW) - 100))
    assert {ONE.session_id, OTHER.session_id} == {each.session_id for each in follower.revoked.since(0)}
    assert follower.source.asked == [(0, None), (NOW, "tag"), (NOW + 2, "tag")]


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
    ],
)
async def test_what_is_wrong_changes_nothing(follower: Follower, change: dict[str, Any], fault: str) -> None:
    """Neither sessions nor keys nor the age; and what was asked for is asked for again."""
    assert fault in await follower.hear(follower.good(revoked=[ONE], **change))
    assert (len(follower.revoked), follower.source.trusted, follower.feed.age()) == (0, ["kid-1"], 0)
    assert await follower.hear(follower.good(revoked=[ONE])) == ""
    assert len(follower.revoked) == 1


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        ({"issued_at": int(NOW) + 30, "expires_at": int(NOW) + 90}, "the future within the leeway"),
        ({"expires_at": int(NOW)}, "an end within the leeway"),
        ({"since": int(NOW) - 60}, "the last minute told again"),
        ({"as_of": int(NOW) - 500}, "an instance that lags behind"),
    ],
)
async def test_what_is_just_right_is_taken(follower: Follower, change: dict[str, Any], limit: str) -> None:
    """At the limit of each rule."""
    assert await follower.hear(follower.good(revoked=[ONE], **change)) == ""
    assert len(follower.revoked) == 1


@pytest.mark.parametrize("error", [MalformedToken(), BadSignature(), IssuerFault("away")])
async def test_what_cannot_be_read_changes_nothing(follower: Follower, error: Exception) -> None:
    """A fault is told; only an unknown signer is a reason to fetch keys."""
    assert await follower.hear(error)
    assert not follower.reload._asked.is_set()
    assert await follower.hear(UnknownSigner())
    assert follower.reload._asked.is_set()


async def test_age_is_from_the_first_sight_of_the_newest(follower: Follower) -> None:
    """No answer, nothing new and the same again leave it growing; a newer feed ends it, less what that one lags."""
    first = follower.good()
    for answer in (IssuerFault("away"), None, first):
        follower.clock.advance(10)
        await follower.hear(answer)
    assert (follower.feed.age(), follower.feed.is_stale()) == (30, False)
    follower.clock.advance(0.5)
    assert follower.feed.is_stale()
    await follower.hear(follower.good(issued_at=int(NOW) + 30, as_of=int(NOW) + 25, expires_at=int(NOW) + 90))
    assert (follower.feed.age(), follower.feed.is_stale()) == (5, False)


@pytest.mark.parametrize("jump", [-3_600, 3_600])
async def test_a_clock_that_jumps_makes_it_stale(follower: Follower, jump: int) -> None:
    """Forth or back, nothing is known of the age; a feed that is good by the new clock ends that."""
    follower.clock.advance(jump)
    assert follower.feed.is_stale()


async def test_a_feed_that_was_held_back_shows(follower: Follower) -> None:
    """A feed that comes late, and is new here, is as old as its own time says, beyond the leeway."""
    follower.clock.advance(80)
    late = follower.good(issued_at=int(NOW) + 1, as_of=int(NOW) + 1, expires_at=int(NOW) + 61)
    assert await follower.hear(late) == ""
    assert follower.feed.age() == 79 - 30
    assert follower.feed.is_stale()


async def test_without_a_feed_it_is_stale() -> None:
    """From the start."""
    assert (Follower().feed.age(), Follower().feed.is_stale()) == (inf, True)


async def test_keys_are_due_before_they_end() -> None:
    """At once at first, at four fifths of their time, 5 seconds after a failure; at once if the clock is set back."""
    follower = Follower()
    assert follower.keys.due_in() == 0
    await follower.keys.fetch()
    assert follower.keys.due_in() == 480
    follower.clock.advance(480)
    assert follower.keys.due_in() == 0
    follower.source.keys = None
    await follower.keys.fetch()
    assert (follower.keys.due_in(), follower.keys.fault, follower.source.trusted) == (5, "away", ["kid-1"])
    follower.clock.advance(-1)
    assert follower.keys.due_in() == 0


async def test_without_keys_no_token_is_judged() -> None:
    """That is the service's fault, not the token's; with the first set it is over for good."""
    follower = Follower()
    with pytest.raises(KeysUnknown):
        follower.keys.decode("token")
    await follower.keys.fetch()
    follower.source.keys = None
    await follower.keys.fetch()
    assert follower.keys.decode("token")
