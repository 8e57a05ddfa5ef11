"""Reuse, the last row of the contract's table: an earlier refresh token is taken for theft."""

import pytest

from app.domain.audit.events import ReuseDetected, SessionWasRevoked
from app.domain.errors import StoreUnavailable
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.policy import SessionPolicy
from app.domain.sessions.session import RevocationReason
from app.domain.tokens.errors import SessionRevoked
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import World, facts_of


@pytest.mark.parametrize(("generation", "wait"), [(0, 0), (1, 30), (1, 1000)], ids=["older", "at the end", "late"])
async def test_reuse_ends_the_session(world: World, generation: int, wait: float) -> None:
    """An earlier token revokes the session, is recorded as reuse, and the current token stops working."""
    tokens = await world.refresh_times(2, await world.open_session())
    world.clock.advance(wait)
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[generation])
    session = await world.stored(tokens[-1])
    assert (session.revoked_at, session.revoked_because) == (NOW + wait, RevocationReason.REUSE)
    facts = facts_of(session, NOW + wait)
    assert world.audit.events == [
        SessionWasRevoked(**facts, reason=RevocationReason.REUSE),
        ReuseDetected(**facts),
    ]
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[-1])


async def test_reuse_ends_the_access_token(world: World) -> None:
    """After reuse the session's access token is refused at once on this instance."""
    opened = await world.open_session()
    tokens = await world.refresh_times(2, opened)
    assert world.validation.validate(opened.access_token)
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0])
    with pytest.raises(SessionRevoked):
        world.validation.validate(opened.access_token)


async def test_no_answer_before_the_revocation(world: World) -> None:
    """While the store does not revoke there is no ``invalid_grant`` but a 'try again'; asked again, there is."""
    tokens = await world.refresh_times(2, await world.open_session())
    world.sessions.once("before revoke", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.refresh(tokens[0])
    assert world.audit.events == []
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0])
    assert (await world.stored(tokens[0])).revoked_because is RevocationReason.REUSE


async def test_a_revocation_whose_answer_is_lost_holds(world: World) -> None:
    """If the store revoked and its answer was lost, every later presentation is refused, the current token's too."""
    tokens = await world.refresh_times(2, await world.open_session())
    world.sessions.once("after revoke", unavailable)
    with pytest.raises((StoreUnavailable, InvalidGrant)):
        await world.refresh(tokens[0])
    for token in tokens:
        with pytest.raises(InvalidGrant):
            await world.refresh(token)


async def test_window_0_makes_every_second_presentation_reuse() -> None:
    """Without a window the token just replaced is reuse at once."""
    world = await World.create(session_policy=SessionPolicy(replay_window=0))
    tokens = await world.refresh_times(1, await world.open_session())
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0])
    assert (await world.stored(tokens[0])).revoked_because is RevocationReason.REUSE


async def test_a_reuse_in_one_session_leaves_the_others(world: World) -> None:
    """Theft of one session's token says nothing about the subject's other sessions."""
    other = await world.open_session()
    tokens = await world.refresh_times(2, await world.open_session())
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0])
    assert await world.refresh(other.refresh_token)
