"""The cut-off: one time that ends everyone's sessions."""

import pytest

from app.contracts.sessions import revocations
from app.domain.audit.events import AllSessionsRevoked
from app.domain.errors import Unavailable
from app.domain.identifiers import FIRST_PARTY
from app.domain.login.authentication import LoginResult
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.session import RevocationReason
from app.domain.tokens.errors import SessionRevoked
from app.testing.builders import PASSWORD
from app.testing.system import NOW
from app.testing.world import REQUESTER, World


async def test_the_cut_off_ends_every_session_that_began_before_it(world: World) -> None:
    """Refresh and access tokens are refused at once. Later sessions are not ended, and neither are other tokens."""
    early = await world.open_session()
    world.clock.advance(0.9)
    cut_off = await world.revocation.revoke_all(RevocationReason.KEY_COMPROMISED)
    assert world.audit.events == [
        AllSessionsRevoked(at=NOW + 0.9, reason=RevocationReason.KEY_COMPROMISED, cut_off=cut_off)
    ]
    world.clock.advance(1)
    late = await world.open_session()
    with pytest.raises(SessionRevoked):
        world.validation.validate(early.access_token)
    with pytest.raises(InvalidGrant):
        await world.refresh(early.refresh_token)
    assert world.validation.validate(late.access_token)
    assert await world.refresh(late.refresh_token)
    stored = await world.stored(early.refresh_token)
    assert (stored.revoked_at, stored.revoked_because) == (cut_off, RevocationReason.KEY_COMPROMISED)


async def test_another_instance_learns_the_cut_off(world: World) -> None:
    """It reads the cut-off with the revocations, also after a restart."""
    early = await world.open_session()
    await world.sessions.set_cut_off(int(NOW))
    assert world.validation.validate(early.access_token)
    await world.revocation.sync_revocations()
    with pytest.raises(SessionRevoked):
        world.validation.validate(early.access_token)
    world.restart()
    await world.keys.load()
    await world.revocation.sync_revocations()
    with pytest.raises(SessionRevoked):
        world.validation.validate(early.access_token)


async def test_a_cut_off_during_a_read_hides_no_revocation(world: World) -> None:
    """A revocation that the list leaves out, because a cut-off was set a moment before, is refused by the cut-off."""
    opened = await world.open_session()
    session = await world.stored(opened.refresh_token)
    await world.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=NOW)

    async def set_cut_off() -> None:
        await world.sessions.set_cut_off(int(NOW))

    world.sessions.once("before list_revocations", set_cut_off)
    await world.revocation.sync_revocations()
    with pytest.raises(SessionRevoked):
        world.validation.validate(opened.access_token)


async def test_sweeps_write_the_cut_off_into_the_sessions(world: World) -> None:
    """An instance of the previous version then refuses them too. They are not in the list of revocations."""
    session = await world.stored((await world.open_session()).refresh_token)
    await world.revocation.revoke_all(RevocationReason.KEY_COMPROMISED)
    await world.retention.sweep()
    assert world.sessions.stored[session.session_id].revoked_at == int(NOW)
    assert await revocations(world.sessions, 0) == []


@pytest.mark.parametrize(("ahead", "wait"), [(0, 1), (20, 21)])
async def test_no_sign_in_gives_a_session_that_is_over(world: World, ahead: int, wait: int) -> None:
    """In the second of the cut-off, and until the clock has passed one that came from a clock ahead, a sign-in is
    refused for as long as it takes. It costs no verification of a password.
    """
    world.revoked.revoke_until(int(NOW) + ahead)
    with pytest.raises(Unavailable) as refused:
        await _sign_in(world)
    assert refused.value.retry_after == wait
    assert world.hasher.verifications == 0
    world.clock.advance(wait)
    opened = (await _sign_in(world)).tokens
    assert world.validation.validate(opened.access_token)


async def _sign_in(world: World) -> LoginResult:
    return await world.authentication.sign_in(
        "alice", PASSWORD, client_id=FIRST_PARTY, requested_scope=None, requester=REQUESTER
    )
