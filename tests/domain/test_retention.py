"""Retention: old data is deleted, and not too early."""

from typing import Any

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.sessions import retention
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.replaced import NOTHING_REPLACED
from app.domain.sessions.session import RevocationReason, SessionPolicy
from app.domain.tokens.errors import ExpiredToken, SessionRevoked
from app.domain.tokens.policy import AccessTokenPolicy
from app.testing.builders import AUDIENCE, ISSUER
from app.testing.system import NOW
from app.testing.world import World

MEMORY = 900 + 30 + 60
STORED = 86_400 + 3 * 300
WEEK = 604_800


@pytest.mark.parametrize(("wait", "kept"), [(0, True), (149.999, True), (150.001, False), (3600, False)])
async def test_replaced_secrets_are_erased_after_the_window(world: World, wait: float, *, kept: bool) -> None:
    """They are kept for the window and half a minute more, because clocks differ; the session stays live."""
    tokens = await world.refresh_times(1, await world.open_session())
    replaced = (await world.stored(tokens[0])).replaced
    world.clock.advance(wait)
    await world.retention.sweep()
    session = await world.stored(tokens[0])
    assert session.replaced == (replaced if kept else NOTHING_REPLACED)
    assert await world.refresh(tokens[1])


async def test_a_replay_works_until_the_window_ends(world: World) -> None:
    """A sweep every second prevents no replay within the window; after the window there is no replay."""
    tokens = await world.refresh_times(1, await world.open_session())
    for _ in range(119):
        world.clock.advance(1)
        await world.retention.sweep()
        assert (await world.refresh(tokens[0])).refresh_token == tokens[1]
    world.clock.advance(2)
    await world.retention.sweep()
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0])


async def test_replaced_secrets_are_erased_when_audit_records_cannot_be_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database with the audit records may be down while the session store works."""

    async def fail(*_: object, **__: object) -> int:
        raise StoreUnavailable

    monkeypatch.setattr(world.audit_records, "delete_before", fail)
    tokens = await world.refresh_times(1, await world.open_session())
    world.clock.advance(151)
    with pytest.raises(StoreUnavailable):
        await world.retention.sweep()
    assert not (await world.stored(tokens[0])).replaced


async def test_every_rotation_erases_what_is_older_than_the_window(world: World) -> None:
    """A session that rotates again and again is never swept, and yet keeps nothing for longer than two windows."""
    token = (await world.open_session()).refresh_token
    for _ in range(50):
        token = (await world.refresh(token)).refresh_token
        world.clock.advance(20)
    ages = [world.clock.time - each.replaced_at for each in (await world.stored(token)).replaced]
    assert ages == [160, 140, 120, 100, 80, 60, 40, 20]


async def test_the_secrets_of_a_later_rotation_stay(world: World) -> None:
    """The end of the window of one rotation does not erase the secret of the next."""
    tokens = await world.refresh_times(1, await world.open_session())
    world.clock.advance(100)
    successor = await world.refresh(tokens[1])
    world.clock.advance(100)
    await world.retention.sweep()
    assert (await world.refresh(tokens[1])).refresh_token == successor.refresh_token


async def test_without_a_window_nothing_replaced_is_kept() -> None:
    """With a window of 0 the store never holds a replaced secret."""
    world = await World.create(session_policy=SessionPolicy(replay_window=0))
    tokens = await world.refresh_times(1, await world.open_session())
    assert not (await world.stored(tokens[0])).replaced


async def test_replaced_secrets_are_erased_in_bounded_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sweep erases those of a limited number of sessions, and the next sweeps erase the rest."""
    monkeypatch.setattr(retention, "_MAX_ERASED", 2)
    tokens = [(await world.refresh_times(1, await world.open_session()))[1] for _ in range(5)]
    world.clock.advance(151)
    left = []
    for _ in range(3):
        await world.retention.sweep()
        left.append(sum([len((await world.stored(token)).replaced) for token in tokens]))
    assert left == [3, 1, 0]


async def test_ended_sessions_are_deleted_in_bounded_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sweep checks a limited number of sessions; repeated sweeps delete all ended ones, and no live one."""
    monkeypatch.setattr(retention, "_MAX_SESSIONS", 2)
    ended = [await world.stored((await world.open_session()).refresh_token) for _ in range(5)]
    world.clock.advance(WEEK + 2 * STORED)
    live = (await world.open_session()).refresh_token
    left = []
    for _ in range(4):
        await world.retention.sweep()
        left.append(sum([await world.sessions.find(each.session_id) is not None for each in ended]))
    assert left[0] == 3
    assert left[-1] == 0
    assert await world.refresh(live)


async def test_live_sessions_stay(world: World) -> None:
    """A session is not deleted before it ends."""
    token = (await world.open_session()).refresh_token
    world.clock.advance(WEEK - 1)
    await world.retention.sweep()
    assert await world.refresh(token)


@pytest.mark.parametrize(
    ("wait", "known", "stored"),
    [
        (0, True, True),
        (MEMORY, True, True),
        (MEMORY + 0.001, False, True),
        (STORED, False, True),
        (STORED + 0.001, False, False),
    ],
)
async def test_a_revocation_is_forgotten_after_all_tokens_have_expired(
    world: World, wait: float, *, known: bool, stored: bool
) -> None:
    """An instance remembers a revocation for the lifetime of an access token, the leeway and 60 s. The store keeps it
    for the greatest lifetime and leeway that can be set.
    """
    session = await world.stored((await world.open_session()).refresh_token)
    await world.revocation.revoke(session, RevocationReason.LOGOUT)
    world.clock.advance(wait)
    await world.retention.sweep()
    assert (session.session_id in world.revoked) is known
    assert (await world.sessions.find(session.session_id) is not None) is stored


@pytest.mark.parametrize("before_expiry", [500, 1])
async def test_an_instance_that_starts_later_refuses_a_session_revoked_before_its_expiry(before_expiry: int) -> None:
    """The store keeps the revocation while the leeway still accepts the access tokens of the expired session."""
    world = await World.create(session_policy=SessionPolicy(lifetime=900))
    opened = await world.open_session()
    world.clock.time = NOW + 900 - before_expiry
    await world.revocation.log_out_with_refresh_token(opened.refresh_token, client_id=world.claims(opened).client_id)
    world.clock.time = NOW + 901
    await world.retention.sweep()
    world.restart()
    await world.revocation.sync_revocations()
    with pytest.raises(SessionRevoked):
        world.validation.validate(opened.access_token)


async def restart(world: World, **changes: Any) -> None:
    """Restart the instance with other settings for access tokens: it loads the revocations, and sweeps once."""
    world.access_tokens = AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE, **changes)
    world.restart()
    await world.revocation.sync_revocations()
    await world.retention.sweep()


async def test_a_token_stays_revoked_when_the_lifetime_is_lowered_and_raised_again() -> None:
    """A session of a token of 4 hours is logged out under a lifetime of 60 s. Its token is refused then, after the
    revocation is forgotten, and after the lifetime is 4 hours again, by an instance that started then.
    """
    world = await World.create(access_tokens=AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE, lifetime=14_400))
    opened = await world.open_session()
    assert world.validation.validate(opened.access_token)
    await restart(world, lifetime=60)
    assert world.validation.validate(opened.access_token)
    await world.revocation.log_out_with_refresh_token(opened.refresh_token, client_id=world.claims(opened).client_id)
    with pytest.raises(SessionRevoked):
        world.validation.validate(opened.access_token)
    world.clock.advance(153)
    await world.retention.sweep()
    assert len(world.revoked) == 0
    with pytest.raises(ExpiredToken):
        world.validation.validate(opened.access_token)
    await restart(world, lifetime=14_400)
    with pytest.raises(SessionRevoked):
        world.validation.validate(opened.access_token)


async def test_a_token_stays_revoked_when_the_leeway_is_raised(world: World) -> None:
    """An instance that starts with a leeway of 5 minutes finds a revocation of 1,000 s before."""
    opened = await world.open_session()
    await world.revocation.log_out_with_refresh_token(opened.refresh_token, client_id=world.claims(opened).client_id)
    world.clock.advance(1_000)
    await world.retention.sweep()
    await restart(world, leeway=300)
    with pytest.raises(SessionRevoked):
        world.validation.validate(opened.access_token)
