"""The content of the revocation feed."""

from dataclasses import replace

import pytest

from app.domain.identifiers import SessionId
from app.domain.keys.signing_key import SigningKey
from app.domain.sessions.session import RevocationReason
from app.domain.tokens.feed import Feed
from app.domain.tokens.revocation_feed import RevocationFeed
from app.domain.tokens.revoked_session import RevokedSession
from app.testing.builders import ISSUER
from app.testing.system import NOW
from app.testing.world import World

LEEWAY = 30
WINDOW = 900 + LEEWAY + 60
RECENT = 180


def feed_of(world: World) -> RevocationFeed:
    """Return the feed of the instance."""
    return RevocationFeed(
        revoked=world.revoked,
        keys=world.keys,
        codec=world.codec,
        signing=world.token_signing,
        clock=world.clock,
        policy=world.access_tokens,
    )


def revoke(world: World, number: int, *, ago: float) -> RevokedSession:
    """Add a session to the revocation list of the instance."""
    revocation = RevokedSession(SessionId(bytes([number]) * 16), world.clock.now() - ago)
    world.revoked.add(revocation)
    return revocation


async def test_the_members_of_an_empty_feed(world: World) -> None:
    """The feed has the issuer, the time, an expiry a minute later, the window and the published keys."""
    await world.use_keys(SigningKey("kid-1"), SigningKey("pending", NOW + 10))
    await world.revocation.sync_revocations()
    full = feed_of(world).full()
    assert replace(full, revoked=list(full.revoked)) == Feed(
        issuer=ISSUER,
        issued_at=int(NOW),
        expires_at=int(NOW) + 60,
        as_of=int(NOW),
        since=0,
        window=WINDOW,
        keys=("kid-1", "pending"),
        dropped=(),
        revoked=[],
        token_lifetime=900,
        cut_off=None,
    )


async def test_the_revoked_sessions_of_the_full_and_the_recent_feed(world: World) -> None:
    """The full feed has the sessions revoked within the window, the recent feed those of three minutes, in order."""
    await world.revocation.sync_revocations()
    too_old, old, recent, new = (
        revoke(world, 9 - n, ago=ago) for n, ago in enumerate((WINDOW + 1, RECENT + 1, RECENT, 0))
    )
    assert too_old not in list(feed_of(world).full().revoked)
    assert list(feed_of(world).full().revoked) == [old, recent, new]
    assert list(feed_of(world).recent().revoked) == [recent, new]


async def test_a_revocation_by_this_instance_is_in_the_feed_at_once(world: World) -> None:
    """It needs no sync with the store."""
    opened = await world.open_session()
    session = await world.stored(opened.refresh_token)
    await world.revocation.revoke(session, RevocationReason.LOGOUT)
    assert list(feed_of(world).recent().revoked) == [RevokedSession(session.session_id, NOW)]


async def test_the_cut_off_is_in_every_feed_and_counts_as_a_change(world: World) -> None:
    """Both feeds have the cut-off, and a feed that lacks it is not taken for the same."""
    before = feed_of(world).recent()
    world.revoked.revoke_until(int(NOW))
    after = feed_of(world).recent()
    assert (after.cut_off, feed_of(world).full().cut_off) == (int(NOW), int(NOW))
    assert before.content() != after.content()


async def test_as_of_is_the_time_of_the_last_sync(world: World) -> None:
    """An instance that cannot read the store does not claim to know the revocations of other instances."""
    await world.revocation.sync_revocations()
    world.clock.advance(100)
    feed = feed_of(world).recent()
    assert (feed.issued_at, feed.as_of, feed.since) == (NOW + 100, NOW, NOW - RECENT)
    await world.revocation.sync_revocations()
    assert feed_of(world).recent().as_of == NOW + 100


@pytest.mark.parametrize(
    ("ago", "enough"),
    [(0, True), (RECENT - 60 - 2 * LEEWAY, True), (RECENT - 60 - 2 * LEEWAY + 1, False), (NOW, False)],
)
async def test_the_recent_feed_covers_a_follower_that_is_recent_enough(
    world: World, ago: float, *, enough: bool
) -> None:
    """The feeds must overlap by a minute and twice the leeway, because commits become visible out of order, and clocks
    differ.
    """
    await world.revocation.sync_revocations()
    feed = feed_of(world)
    assert feed.covers(feed.recent(), int(NOW - ago)) is enough


async def test_a_dropped_key_is_listed_and_does_not_sign(world: World) -> None:
    """The new key signs the feed, and the dropped key is not among the published keys."""
    await world.use_keys(SigningKey("new", NOW - 30))
    feed = feed_of(world)
    recent = feed.recent()
    assert (recent.keys, recent.dropped) == (("new",), ("kid-1",))
    assert (await feed.signed(recent)).endswith(b"by-new")
