"""Rotation when others are faster, and when the store's answer is lost."""

import asyncio
from collections import Counter

import pytest

from app.domain.audit.events import RaceLost, SessionWasRevoked, TokenRefreshed, TokenReplayed
from app.domain.errors import StoreUnavailable
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.policy import SessionPolicy
from app.domain.sessions.session import RevocationReason
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import World


@pytest.fixture
async def strict() -> World:
    """Return the services with a replay window of 0."""
    return await World.create(session_policy=SessionPolicy(replay_window=0))


async def race(world: World, refresh_token: str, racers: int) -> list[IssuedTokens | BaseException]:
    """Present one token often at once, so that all read before one of them writes."""
    world.sessions.slow_reads = True
    return await asyncio.gather(*(world.refresh(refresh_token) for _ in range(racers)), return_exceptions=True)


async def test_of_concurrent_requests_one_commits(world: World) -> None:
    """All of many concurrent requests get one successor, with access tokens of their own; one of them rotated."""
    token = (await world.open_session()).refresh_token
    grants = [each for each in await race(world, token, 10) if isinstance(each, IssuedTokens)]
    assert len(grants) == 10
    assert len({each.refresh_token for each in grants}) == 1
    assert len({each.access_token for each in grants}) == 10
    assert Counter(world.audit.kinds()) == {TokenRefreshed: 1, TokenReplayed: 9}
    assert (await world.stored(token)).generation == 1


async def test_without_a_window_losers_are_refused(strict: World) -> None:
    """With window 0 one of the concurrent requests wins; the losers are refused and revoke nothing."""
    token = (await strict.open_session()).refresh_token
    outcomes = await race(strict, token, 10)
    (winner,) = [each for each in outcomes if isinstance(each, IssuedTokens)]
    assert Counter(type(each) for each in outcomes) == {IssuedTokens: 1, InvalidGrant: 9}
    assert Counter(strict.audit.kinds()) == {TokenRefreshed: 1, RaceLost: 9}
    assert (await strict.stored(token)).revoked_at is None
    assert await strict.refresh(winner.refresh_token)


async def test_the_loser_replays_the_winners_successor(world: World) -> None:
    """A request that another overtakes between read and write reads again and answers with the same successor."""
    token = (await world.open_session()).refresh_token
    winners: list[IssuedTokens] = []

    async def overtake() -> None:
        winners.append(await world.refresh(token))

    world.sessions.once("before advance", overtake)
    granted = await world.refresh(token)
    assert granted.refresh_token == winners[0].refresh_token
    assert granted.access_token != winners[0].access_token
    assert world.audit.kinds() == [TokenRefreshed, TokenReplayed]


async def test_a_loser_two_rotations_behind_revokes_nothing(world: World) -> None:
    """A request that finds its token outdated only after losing is refused and recorded, and no theft."""
    token = (await world.open_session()).refresh_token

    async def overtake_twice() -> None:
        await world.refresh_times(2, await world.refresh(token))

    world.sessions.once("before advance", overtake_twice)
    with pytest.raises(InvalidGrant):
        await world.refresh(token)
    assert world.audit.kinds() == [RaceLost]
    session = await world.stored(token)
    assert (session.revoked_at, session.generation) == (None, 3)


async def test_a_loser_to_a_revocation_is_refused(world: World) -> None:
    """A session that is revoked between read and write gives nothing."""
    token = (await world.open_session()).refresh_token
    session = await world.stored(token)
    world.sessions.once("before advance", lambda: world.revocation.revoke(session, RevocationReason.LOGOUT))
    with pytest.raises(InvalidGrant):
        await world.refresh(token)
    assert world.audit.kinds() == [SessionWasRevoked]
    assert (await world.stored(token)).generation == 0


async def test_a_result_lost_after_the_commit_is_a_success(world: World) -> None:
    """If the store committed before its answer was lost, the request has won: the token it gives is the current one."""
    token = (await world.open_session()).refresh_token
    world.sessions.once("after advance", unavailable)
    granted = await world.refresh(token)
    assert world.audit.kinds() == [TokenRefreshed]
    assert (await world.stored(token)).generation == 1
    await world.refresh(granted.refresh_token)
    assert world.audit.kinds() == [TokenRefreshed, TokenRefreshed]


async def test_a_result_lost_before_the_commit_uses_up_no_token(world: World) -> None:
    """If the store did not commit, the client is asked to try again, and the same token then rotates."""
    token = (await world.open_session()).refresh_token
    before = await world.stored(token)
    world.sessions.once("before advance", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.refresh(token)
    assert await world.stored(token) == before
    assert world.audit.events == []
    await world.refresh(token)
    assert world.audit.kinds() == [TokenRefreshed]


async def test_a_result_that_stays_unknown_can_be_asked_for_again(world: World) -> None:
    """If the store committed and cannot be read either, the client's second try replays the committed successor."""
    token = (await world.open_session()).refresh_token

    async def go_down() -> None:
        world.sessions.once("before find", unavailable)
        raise StoreUnavailable

    world.sessions.once("after advance", go_down)
    with pytest.raises(StoreUnavailable):
        await world.refresh(token)
    committed = (await world.stored(token)).secret_digest
    await world.refresh(token)
    assert (await world.stored(token)).secret_digest == committed
    assert world.audit.kinds() == [TokenReplayed]


async def test_an_unknown_result_may_be_anothers_win(world: World) -> None:
    """If the answer is lost and another request's successor is stored, that one is replayed."""
    token = (await world.open_session()).refresh_token
    winners: list[IssuedTokens] = []

    async def overtake_and_go_down() -> None:
        winners.append(await world.refresh(token))
        raise StoreUnavailable

    world.sessions.once("before advance", overtake_and_go_down)
    assert (await world.refresh(token)).refresh_token == winners[0].refresh_token
    assert world.audit.kinds() == [TokenRefreshed, TokenReplayed]


async def test_a_win_that_was_revoked_meanwhile_gives_nothing(world: World) -> None:
    """If the answer is lost and the session revoked before it is read again, there is no token response."""
    token = (await world.open_session()).refresh_token
    session = await world.stored(token)

    async def revoke_and_go_down() -> None:
        await world.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=NOW)
        raise StoreUnavailable

    world.sessions.once("after advance", revoke_and_go_down)
    with pytest.raises(InvalidGrant):
        await world.refresh(token)
    assert world.audit.events == []


async def test_it_gives_up_on_a_store_that_never_swaps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compare-and-swap that keeps failing for no visible reason ends in a 'try again', not in an endless loop."""
    token = (await world.open_session()).refresh_token

    async def refuse(*_: object, **__: object) -> bool:
        return False

    monkeypatch.setattr(world.sessions, "advance", refuse)
    with pytest.raises(StoreUnavailable):
        await world.refresh(token)


async def test_a_store_that_cannot_be_read_changes_nothing(world: World) -> None:
    """Without a read there is no verdict: the client is asked to try again."""
    token = (await world.open_session()).refresh_token
    world.sessions.once("before find", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.refresh(token)
    assert (world.sessions.writes, world.audit.events) == ([], [])
