"""Why a session ended."""

from dataclasses import replace

import pytest

from app.domain.audit.events import LoginFailed
from app.domain.audit.record import to_record
from app.domain.identifiers import SessionId
from app.domain.sessions import ratchet
from app.domain.sessions.errors import InvalidGrant, SessionNotFound
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.policy import SessionPolicy
from app.domain.sessions.session import RevocationReason
from app.domain.sessions.timeline import Timeline
from app.testing.builders import ALICE
from app.testing.world import World

ADDRESS = "192.0.2.66"


@pytest.fixture
async def world() -> World:
    """Return a world in which a session that is not refreshed for an hour ends."""
    return await World.create(session_policy=SessionPolicy(idle_lifetime=3_600))


async def keep(world: World) -> None:
    """Keep what was recorded, as the instance does every second."""
    start = len(world.audit_records.stored)
    await world.audit_records.append(
        [
            to_record(event, event_id=f"{start + number:06}", request_id="r", address=ADDRESS)
            for number, event in enumerate(world.audit.events)
        ]
    )
    world.audit.events.clear()


async def explained(world: World, granted: IssuedTokens) -> Timeline:
    """Return what became of a grant's session."""
    await keep(world)
    return await world.explanation.explain(ratchet.parse(granted.refresh_token).session_id)


def names(told: Timeline) -> list[str]:
    """Return the names of its events."""
    return [each.name for each in told.events]


async def test_a_live_session(world: World) -> None:
    """Its events are there, and until when it lives."""
    granted = await world.open_session()
    granted = await world.refresh(granted.refresh_token)
    told = await explained(world, granted)
    assert (told.state, names(told)) == ("live", ["token_refreshed"])
    assert told.conclusion == "The session is live, until 2027-01-15T09:00:00Z."


async def test_reuse(world: World) -> None:
    """The moment, the address from which the old token came, and what it means."""
    granted = await world.open_session()
    texts = await world.refresh_times(2, granted)
    world.clock.advance(61)
    with pytest.raises(InvalidGrant):
        await world.refresh(texts[0])
    told = await explained(world, granted)
    assert (told.state, names(told)) == ("revoked", ["session_was_revoked", "reuse_detected"])
    assert told.conclusion.startswith(
        f"The session was revoked at 2027-01-15T08:01:01Z, by a request from {ADDRESS}: an old"
    )


async def test_reuse_tells_of_the_rotation_before(world: World) -> None:
    """When the session was refreshed last, which is when its owner was there."""
    granted = await world.open_session()
    second = await world.refresh(granted.refresh_token)
    world.clock.advance(30)
    await world.refresh(second.refresh_token)
    world.clock.advance(61)
    with pytest.raises(InvalidGrant):
        await world.refresh(granted.refresh_token)
    told = await explained(world, granted)
    assert told.conclusion.endswith("It was last refreshed at 2027-01-15T08:00:30Z.")


@pytest.mark.parametrize("reason", RevocationReason)
async def test_each_reason_has_a_sentence(world: World, reason: RevocationReason) -> None:
    """None is told by its name alone."""
    granted = await world.open_session()
    await world.revocation.revoke(await world.stored(granted.refresh_token), reason)
    told = await explained(world, granted)
    assert told.state == "revoked"
    assert reason.value not in told.conclusion
    assert told.conclusion.endswith(".")


@pytest.mark.parametrize(
    ("idle", "why"), [(3_600, "it was not refreshed for too long"), (604_800, "its time since the sign-in was over")]
)
async def test_a_session_that_expired(world: World, idle: int, why: str) -> None:
    """Whichever of its two ends came first is told."""
    granted = await world.open_session()
    if idle > 3_600:
        while world.clock.now() < (await world.stored(granted.refresh_token)).expires_at - 1_800:
            world.clock.advance(1_800)
            granted = await world.refresh(granted.refresh_token)
    world.clock.advance(3_600)
    told = await explained(world, granted)
    assert told.state == "expired"
    assert told.conclusion.endswith(f": {why}.")


async def test_a_change_of_the_user_is_part_of_it(world: World) -> None:
    """That the user was disabled stands between the session's events; another user's change does not."""
    granted = await world.open_session()
    await world.administration.disable(ALICE.subject)
    told = await explained(world, granted)
    assert names(told) == ["user_disabled", "session_was_revoked"]
    assert told.conclusion.endswith(": the user was disabled.")


async def test_a_session_that_the_sweep_missed(world: World) -> None:
    """A session of an older password cannot go on, revoked or not."""
    granted = await world.open_session()
    await world.users.change_password(ALICE.subject, new="plain:new", expected=None)
    assert (await explained(world, granted)).state == "outdated"


async def test_a_session_that_was_deleted(world: World) -> None:
    """Its events tell on, for as long as they are kept."""
    granted = await world.open_session()
    await world.revocation.revoke(await world.stored(granted.refresh_token), RevocationReason.LOGOUT)
    await keep(world)
    world.sessions.stored.clear()
    told = await world.explanation.explain(ratchet.parse(granted.refresh_token).session_id)
    assert told.conclusion == (
        f"The session was revoked at 2027-01-15T08:00:00Z, by a request from {ADDRESS}: it was signed out."
    )


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_session_that_ended_with_all_others(world: World, *, deleted: bool) -> None:
    """The event says of no session that it was ended: it is found all the same, also when the store has forgotten."""
    granted = await world.open_session()
    await world.refresh(granted.refresh_token)
    await world.revocation.revoke_all(RevocationReason.KEY_COMPROMISED)
    await keep(world)
    if deleted:
        world.sessions.stored.clear()
    told = await world.explanation.explain(ratchet.parse(granted.refresh_token).session_id)
    assert (told.state, names(told)) == ("revoked", ["all_sessions_revoked", "token_refreshed"])
    assert "a signing key had leaked" in told.conclusion


async def test_a_session_that_went_on_when_all_others_ended(world: World) -> None:
    """One that was opened at that moment and refreshed afterwards was not among them."""
    granted = await world.open_session()
    await world.refresh(granted.refresh_token)
    await keep(world)
    await world.revocation.revoke_all(RevocationReason.KEY_COMPROMISED)
    world.audit.events[0] = replace(world.audit.events[0], at=world.clock.now() - 1)
    await keep(world)
    world.sessions.stored.clear()
    told = await world.explanation.explain(ratchet.parse(granted.refresh_token).session_id)
    assert told.state == "deleted"


async def test_a_deleted_session_of_which_nothing_says_that_it_ended(world: World) -> None:
    """After its time it expired; before it, nothing tells why the store has it no more."""
    granted = await world.open_session()
    await world.refresh(granted.refresh_token)
    await keep(world)
    world.sessions.stored.clear()
    session_id = ratchet.parse(granted.refresh_token).session_id
    lost = await world.explanation.explain(session_id)
    assert (lost.state, lost.conclusion.partition(":")[0]) == ("deleted", "It is unknown why the session ended")
    world.clock.advance(3_600)
    ended = await world.explanation.explain(session_id)
    assert ended.conclusion.endswith("so it expired, at 2027-01-15T09:00:00Z at the latest.")


async def test_failed_sign_ins_are_told_up_to_a_number(world: World) -> None:
    """The last of those that were tried as the session's user, with their reasons; not those as somebody unknown."""
    granted = await world.open_session()
    for number in range(25):
        world.clock.advance(1)
        world.audit.record(
            LoginFailed(at=world.clock.now(), reason=f"r{number}", subject=ALICE.subject, address=ADDRESS)
        )
        world.audit.record(LoginFailed(at=world.clock.now(), reason="unknown_user", subject=None, address=ADDRESS))
    told = await explained(world, granted)
    assert [each.details["reason"] for each in told.events] == [f"r{number}" for number in range(5, 25)]


async def test_what_happens_after_its_end_is_no_part_of_it(world: World) -> None:
    """Neither after a revocation nor after an expiry, wherever the session is still known."""
    granted = await world.open_session()
    await world.refresh(granted.refresh_token)
    await keep(world)
    world.clock.advance(3_661)
    await world.administration.disable(ALICE.subject)
    assert names(await explained(world, granted)) == ["token_refreshed"]
    world.sessions.stored.clear()
    assert names(await explained(world, granted)) == ["token_refreshed"]


async def test_an_unknown_session(world: World) -> None:
    """Of which there is neither a row nor an event is not found."""
    with pytest.raises(SessionNotFound):
        await world.explanation.explain(SessionId(bytes(16)))


async def test_old_events_are_forgotten(world: World) -> None:
    """After the retention an event is deleted, not before."""
    granted = await world.open_session()
    await world.refresh(granted.refresh_token)
    await keep(world)
    world.clock.advance(7_776_000)
    await world.retention.sweep()
    assert len(world.audit_records.stored) == 1
    world.clock.advance(0.5)
    await world.retention.sweep()
    assert len(world.audit_records.stored) == 0
