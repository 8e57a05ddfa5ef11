"""Reuse, the last row of the table in docs/refresh-tokens.md: a token that was replaced earlier counts as stolen."""

import pytest

from app.domain.audit.events import ReuseDetected, SessionWasRevoked
from app.domain.errors import StoreUnavailable
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.session import RevocationReason
from app.domain.tokens.errors import SessionRevoked
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import World, facts_of


@pytest.mark.parametrize(
    ("generation", "wait"),
    [(0, 120), (1, 120), (1, 1000)],
    ids=["older token", "at the end of the window", "after the window"],
)
async def test_reuse_revokes_the_session(world: World, generation: int, wait: float) -> None:
    """Presenting an earlier token revokes the session, records the reuse, and ends the current token."""
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


async def test_reuse_ends_the_access_tokens(world: World) -> None:
    """After a reuse this instance refuses the access tokens of the session at once."""
    opened = await world.open_session()
    tokens = await world.replace_twice(opened)
    assert world.validation.validate(opened.access_token)
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0])
    with pytest.raises(SessionRevoked):
        world.validation.validate(opened.access_token)


async def test_reuse_is_answered_after_the_revocation(world: World) -> None:
    """If the store cannot revoke, the error is ``StoreUnavailable``; a second try then gives ``InvalidGrant``."""
    tokens = await world.replace_twice(await world.open_session())
    world.sessions.once("before revoke", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.refresh(tokens[0])
    assert world.audit.events == []
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0])
    assert (await world.stored(tokens[0])).revoked_because is RevocationReason.REUSE


async def test_a_revocation_with_a_lost_answer_is_effective(world: World) -> None:
    """If the store revoked but its answer was lost, every token of the session is refused, also the current one."""
    tokens = await world.replace_twice(await world.open_session())
    world.sessions.once("after revoke", unavailable)
    with pytest.raises((StoreUnavailable, InvalidGrant)):
        await world.refresh(tokens[0])
    for token in tokens:
        with pytest.raises(InvalidGrant):
            await world.refresh(token)


async def test_reuse_in_one_session_leaves_the_others(world: World) -> None:
    """The other sessions of the subject stay live."""
    other = await world.open_session()
    tokens = await world.replace_twice(await world.open_session())
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0])
    assert await world.refresh(other.refresh_token)
