"""Why a session ended."""

import pytest

from app.domain.errors import InvalidGrant, SessionNotFound
from app.domain.model import ratchet
from app.domain.model.grant import TokenGrant
from app.domain.model.identifiers import SessionId
from app.domain.model.kept_event import kept
from app.domain.model.policy import SessionPolicy
from app.domain.model.session import RevocationReason
from app.domain.model.timeline import Timeline
from tests.builders import ALICE

from .world import World

ADDRESS = "192.0.2.66"


@pytest.fixture
async def world() -> World:
    """Return a world in which a session that is not refreshed for an hour ends."""
    return await World.create(session_policy=SessionPolicy(idle_lifetime=3_600))


async def keep(world: World) -> None:
    """Keep what was recorded, as the instance does every second."""
    start = len(world.events._events)
    await world.events.append(
        [
            kept(event, event_id=f"{start + number:06}", request_id="r", address=ADDRESS)
            for number, event in enumerate(world.audit.events)
        ]
    )
    world.audit.events.clear()


async def explained(world: World, granted: TokenGrant) -> Timeline:
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
    world.sessions._sessions.clear()
    told = await world.explanation.explain(ratchet.parse(granted.refresh_token).session_id)
    assert told.conclusion == (
        f"The session was revoked at 2027-01-15T08:00:00Z, by a request from {ADDRESS}: it was signed out."
    )


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
    assert len(world.events._events) == 1
    world.clock.advance(0.5)
    await world.retention.sweep()
    assert len(world.events._events) == 0
