"""Concurrent rotations, and rotations for which the store's answer is lost."""

import asyncio
from collections import Counter

import pytest

from app.domain.audit.events import RaceLost, SessionWasRevoked, TokenRefreshed, TokenReplayed
from app.domain.errors import StoreUnavailable
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.session import RevocationReason, SessionPolicy
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import World


@pytest.fixture
async def strict() -> World:
    """Return a world with a replay window of 0."""
    return await World.create(session_policy=SessionPolicy(replay_window=0))


async def race(world: World, refresh_token: str, racers: int) -> list[IssuedTokens | BaseException]:
    """Present one token in many requests at once, so that all read before one of them writes."""
    world.sessions.slow_reads = True
    return await asyncio.gather(*(world.refresh(refresh_token) for _ in range(racers)), return_exceptions=True)


async def test_one_of_many_concurrent_requests_commits(world: World) -> None:
    """All requests get the same successor and different access tokens; one rotated, the others are replays."""
    token = (await world.open_session()).refresh_token
    grants = [each for each in await race(world, token, 10) if isinstance(each, IssuedTokens)]
    assert len(grants) == 10
    assert len({each.refresh_token for each in grants}) == 1
    assert len({each.access_token for each in grants}) == 10
    assert Counter(world.audit.kinds()) == {TokenRefreshed: 1, TokenReplayed: 9}
    assert (await world.stored(token)).generation == 1


async def test_without_a_window_the_losers_are_refused(strict: World) -> None:
    """With a window of 0, one of the concurrent requests wins; the others are refused and revoke nothing."""
    token = (await strict.open_session()).refresh_token
    outcomes = await race(strict, token, 10)
    (winner,) = [each for each in outcomes if isinstance(each, IssuedTokens)]
    assert Counter(type(each) for each in outcomes) == {IssuedTokens: 1, InvalidGrant: 9}
    assert Counter(strict.audit.kinds()) == {TokenRefreshed: 1, RaceLost: 9}
    assert (await strict.stored(token)).revoked_at is None
    assert await strict.refresh(winner.refresh_token)


async def test_the_loser_replays_the_winners_successor(world: World) -> None:
    """A request that loses between its read and its write reads again and answers with the same successor."""
    token = (await world.open_session()).refresh_token
    winners: list[IssuedTokens] = []

    async def overtake() -> None:
        winners.append(await world.refresh(token))

    world.sessions.once("before advance", overtake)
    granted = await world.refresh(token)
    assert granted.refresh_token == winners[0].refresh_token
    assert granted.access_token != winners[0].access_token
    assert world.audit.kinds() == [TokenRefreshed, TokenReplayed]


async def test_a_loser_two_rotations_behind_gets_the_current_token(world: World) -> None:
    """A request whose token was replaced twice while it ran is a replay."""
    token = (await world.open_session()).refresh_token
    winners: list[str] = []

    async def overtake_twice() -> None:
        winners.extend(await world.refresh_times(2, await world.refresh(token)))

    world.sessions.once("before advance", overtake_twice)
    assert (await world.refresh(token)).refresh_token == winners[-1]


async def test_a_loser_whose_window_has_passed_revokes_nothing(world: World) -> None:
    """A request whose token became outdated while it ran is refused and recorded as a lost race, not as reuse."""
    token = (await world.open_session()).refresh_token

    async def overtake_twice() -> None:
        await world.replace_twice(await world.refresh(token))

    world.sessions.once("before advance", overtake_twice)
    with pytest.raises(InvalidGrant):
        await world.refresh(token)
    assert world.audit.kinds() == [RaceLost]
    session = await world.stored(token)
    assert (session.revoked_at, session.generation) == (None, 3)


async def test_a_revocation_before_the_write_refuses_the_rotation(world: World) -> None:
    """A session that is revoked between read and write issues no tokens."""
    token = (await world.open_session()).refresh_token
    session = await world.stored(token)
    world.sessions.once("before advance", lambda: world.revocation.revoke(session, RevocationReason.LOGOUT))
    with pytest.raises(InvalidGrant):
        await world.refresh(token)
    assert world.audit.kinds() == [SessionWasRevoked]
    assert (await world.stored(token)).generation == 0


async def test_a_lost_answer_after_the_commit_is_a_success(world: World) -> None:
    """If the store committed and its answer was lost, the request returns the committed token."""
    token = (await world.open_session()).refresh_token
    world.sessions.once("after advance", unavailable)
    granted = await world.refresh(token)
    assert world.audit.kinds() == [TokenRefreshed]
    assert (await world.stored(token)).generation == 1
    await world.refresh(granted.refresh_token)
    assert world.audit.kinds() == [TokenRefreshed, TokenRefreshed]


async def test_a_lost_answer_without_a_commit_uses_up_no_token(world: World) -> None:
    """If the store did not commit, the error is ``StoreUnavailable``, and the same token rotates later."""
    token = (await world.open_session()).refresh_token
    before = await world.stored(token)
    world.sessions.once("before advance", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.refresh(token)
    assert await world.stored(token) == before
    assert world.audit.events == []
    await world.refresh(token)
    assert world.audit.kinds() == [TokenRefreshed]


async def test_an_unknown_result_is_replayed_at_the_second_try(world: World) -> None:
    """If the store committed and then could not be read, the client's second try replays the successor."""
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


async def test_after_a_lost_answer_the_successor_of_another_request_is_replayed(world: World) -> None:
    """If the answer is lost and the store has the successor of another request, that successor is the answer."""
    token = (await world.open_session()).refresh_token
    winners: list[IssuedTokens] = []

    async def overtake_and_go_down() -> None:
        winners.append(await world.refresh(token))
        raise StoreUnavailable

    world.sessions.once("before advance", overtake_and_go_down)
    assert (await world.refresh(token)).refresh_token == winners[0].refresh_token
    assert world.audit.kinds() == [TokenRefreshed, TokenReplayed]


async def test_a_revocation_after_the_commit_refuses_the_rotation(world: World) -> None:
    """If the answer is lost and the session is revoked before it is read again, the request is refused."""
    token = (await world.open_session()).refresh_token
    session = await world.stored(token)

    async def revoke_and_go_down() -> None:
        await world.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=NOW)
        raise StoreUnavailable

    world.sessions.once("after advance", revoke_and_go_down)
    with pytest.raises(InvalidGrant):
        await world.refresh(token)
    assert world.audit.events == []


async def test_rotation_gives_up_after_three_attempts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compare-and-swap that always fails ends with ``StoreUnavailable``, not in an endless loop."""
    token = (await world.open_session()).refresh_token

    async def refuse(*_: object, **__: object) -> bool:
        return False

    monkeypatch.setattr(world.sessions, "advance", refuse)
    with pytest.raises(StoreUnavailable):
        await world.refresh(token)


async def test_a_store_that_cannot_be_read_changes_nothing(world: World) -> None:
    """If the session cannot be read, the error is ``StoreUnavailable``, and nothing is written or recorded."""
    token = (await world.open_session()).refresh_token
    world.sessions.once("before find", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.refresh(token)
    assert (world.sessions.writes, world.audit.events) == ([], [])
