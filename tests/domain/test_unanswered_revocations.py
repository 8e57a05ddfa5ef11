"""Revocations whose result is unknown at first, because the store did not answer."""

import pytest

from app.domain.audit.events import SessionWasRevoked
from app.domain.errors import StoreUnavailable
from app.domain.sessions.session import RevocationReason
from app.testing.builders import ALICE
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import World, facts_of


async def test_an_unanswered_revocation_that_was_committed_is_recorded(world: World) -> None:
    """The store answers neither the revocation nor the question whether it was made; the next read finds it."""
    session = await world.stored((await world.open_session()).refresh_token)

    async def go_down() -> None:
        world.sessions.once("before find", unavailable)
        raise StoreUnavailable

    world.sessions.once("after revoke", go_down)
    with pytest.raises(StoreUnavailable):
        await world.revocation.revoke(session, RevocationReason.LOGOUT)
    assert world.audit.events == []
    for _ in range(3):
        world.clock.advance(1)
        await world.revocation.sync_revocations(NOW - 60)
    assert world.audit.events == [SessionWasRevoked(**facts_of(session), reason=RevocationReason.LOGOUT)]


async def test_an_unanswered_end_of_all_sessions_of_a_user_is_recorded(world: World) -> None:
    """Each session that turns out to be revoked is recorded once, also if the request was repeated by then."""
    opened = [await world.stored((await world.open_session()).refresh_token) for _ in range(2)]
    world.sessions.once("after revoke", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.revocation.revoke_by_subject(ALICE.subject, RevocationReason.USER_DISABLED)
    world.clock.advance(1)
    await world.revocation.revoke_by_subject(ALICE.subject, RevocationReason.USER_DISABLED)
    await world.revocation.sync_revocations(NOW - 60)
    recorded = [each.session_id for each in world.audit.events if isinstance(each, SessionWasRevoked)]
    assert sorted(recorded) == sorted(each.session_id for each in opened)


async def test_an_unanswered_revocation_that_was_not_committed_is_not_recorded(world: World) -> None:
    """Only the revocation that was made has an event."""
    session = await world.stored((await world.open_session()).refresh_token)
    world.sessions.once("before revoke", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.revocation.revoke(session, RevocationReason.LOGOUT)
    world.clock.advance(1)
    await world.revocation.revoke(session, RevocationReason.ENDED_BY_USER)
    await world.revocation.sync_revocations(NOW - 60)
    facts = facts_of(session, NOW + 1)
    assert world.audit.events == [SessionWasRevoked(**facts, reason=RevocationReason.ENDED_BY_USER)]
