"""The explanation of how a session ended."""

from dataclasses import replace

import pytest

from app.domain.audit.events import LoginFailed
from app.domain.audit.record import to_record
from app.domain.identifiers import SessionId
from app.domain.sessions.errors import InvalidGrant, SessionNotFound
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.session import RevocationReason, SessionPolicy
from app.domain.sessions.timeline import Timeline
from app.testing.builders import ALICE
from app.testing.world import World

ADDRESS = "192.0.2.66"


@pytest.fixture
async def world() -> World:
    """Return a world with an idle limit of one hour."""
    return await World.create(session_policy=SessionPolicy(idle_lifetime=3_600))


async def store_records(world: World) -> None:
    """Store the recorded events, as the instance does every second."""
    start = len(world.audit_records.stored)
    await world.audit_records.append(
        [
            to_record(event, event_id=f"{start + number:06}", request_id="r", address=ADDRESS)
            for number, event in enumerate(world.audit.events)
        ]
    )
    world.audit.events.clear()


async def explained(world: World, issued: IssuedTokens) -> Timeline:
    """Return the timeline of the session of these tokens."""
    await store_records(world)
    return await world.explanation.explain(issued.session_id)


def names(timeline: Timeline) -> list[str]:
    """Return the names of the records in the timeline."""
    return [each.name for each in timeline.records]


async def test_a_live_session(world: World) -> None:
    """The timeline has its records, and the time until which it lives."""
    issued = await world.open_session()
    issued = await world.refresh(issued.refresh_token)
    timeline = await explained(world, issued)
    assert (timeline.state, names(timeline)) == ("live", ["token_refreshed"])
    assert timeline.conclusion == "The session is live, until 2027-01-15T09:00:00Z."


async def test_reuse(world: World) -> None:
    """The sentence has the time, the address from which the old token came, and the meaning."""
    issued = await world.open_session()
    texts = await world.replace_twice(issued)
    with pytest.raises(InvalidGrant):
        await world.refresh(texts[0])
    timeline = await explained(world, issued)
    assert (timeline.state, names(timeline)) == ("revoked", ["session_was_revoked", "reuse_detected"])
    assert timeline.conclusion.startswith(
        f"The session was revoked at 2027-01-15T08:02:00Z, by a request from {ADDRESS}: an old"
    )


async def test_reuse_names_the_last_refresh(world: World) -> None:
    """The sentence has the time of the last refresh, when the owner was active."""
    issued = await world.open_session()
    second = await world.refresh(issued.refresh_token)
    world.clock.advance(30)
    await world.refresh(second.refresh_token)
    world.clock.advance(121)
    with pytest.raises(InvalidGrant):
        await world.refresh(issued.refresh_token)
    timeline = await explained(world, issued)
    assert timeline.conclusion.endswith("It was last refreshed at 2027-01-15T08:00:30Z.")


@pytest.mark.parametrize("reason", RevocationReason)
async def test_each_reason_has_a_sentence(world: World, reason: RevocationReason) -> None:
    """Each reason is explained, not only named."""
    issued = await world.open_session()
    await world.revocation.revoke(await world.stored(issued.refresh_token), reason)
    timeline = await explained(world, issued)
    assert timeline.state == "revoked"
    assert reason.value not in timeline.conclusion
    assert timeline.conclusion.endswith(".")


@pytest.mark.parametrize(
    ("lifetime", "why"),
    [(604_800, "it was not refreshed for too long"), (7_200, "its longest lifetime was over")],
)
async def test_an_expired_session(lifetime: int, why: str) -> None:
    """The sentence names the expiry that came first: after 1 hour without a refresh, or at the end of the lifetime."""
    world = await World.create(session_policy=SessionPolicy(lifetime=lifetime, idle_lifetime=3_600))
    issued = await world.open_session()
    if lifetime < 604_800:
        while world.clock.now() < (await world.stored(issued.refresh_token)).expires_at - 1_800:
            world.clock.advance(1_800)
            issued = await world.refresh(issued.refresh_token)
    world.clock.advance(3_600)
    timeline = await explained(world, issued)
    assert timeline.state == "expired"
    assert timeline.conclusion.endswith(f": {why}.")


async def test_changes_of_the_user_are_in_the_timeline(world: World) -> None:
    """The record that the user was disabled is between the records of the session."""
    issued = await world.open_session()
    await world.administration.disable(ALICE.subject)
    timeline = await explained(world, issued)
    assert names(timeline) == ["user_disabled", "session_was_revoked"]
    assert timeline.conclusion.endswith(": the user was disabled.")


async def test_a_session_of_an_older_password(world: World) -> None:
    """A session of an older password is outdated, even if it was not revoked."""
    issued = await world.open_session()
    await world.users.change_password(ALICE.subject, new="plain:new", expected=None)
    assert (await explained(world, issued)).state == "outdated"


async def test_a_deleted_session_that_was_revoked(world: World) -> None:
    """The audit records explain the end after the store has deleted the session."""
    issued = await world.open_session()
    await world.revocation.revoke(await world.stored(issued.refresh_token), RevocationReason.LOGOUT)
    await store_records(world)
    world.sessions.stored.clear()
    timeline = await world.explanation.explain(issued.session_id)
    assert timeline.conclusion == (
        f"The session was revoked at 2027-01-15T08:00:00Z, by a request from {ADDRESS}: it was signed out."
    )


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_session_that_was_revoked_with_all_others(world: World, *, deleted: bool) -> None:
    """The record names no session, but it explains the end, also if the store has deleted the session."""
    issued = await world.open_session()
    await world.refresh(issued.refresh_token)
    await world.revocation.revoke_all(RevocationReason.KEY_COMPROMISED)
    await store_records(world)
    if deleted:
        world.sessions.stored.clear()
    timeline = await world.explanation.explain(issued.session_id)
    assert (timeline.state, names(timeline)) == ("revoked", ["all_sessions_revoked", "token_refreshed"])
    assert "a signing key had leaked" in timeline.conclusion


async def test_a_session_that_outlived_a_revocation_of_all(world: World) -> None:
    """A session that was refreshed after the revocation of all sessions was not ended by it."""
    issued = await world.open_session()
    await world.refresh(issued.refresh_token)
    await store_records(world)
    await world.revocation.revoke_all(RevocationReason.KEY_COMPROMISED)
    world.audit.events[0] = replace(world.audit.events[0], at=world.clock.now() - 1)
    await store_records(world)
    world.sessions.stored.clear()
    timeline = await world.explanation.explain(issued.session_id)
    assert timeline.state == "deleted"


async def test_a_deleted_session_without_a_record_of_its_end(world: World) -> None:
    """After its expiry the session counts as expired; before it, the reason is unknown."""
    issued = await world.open_session()
    await world.refresh(issued.refresh_token)
    await store_records(world)
    world.sessions.stored.clear()
    session_id = issued.session_id
    lost = await world.explanation.explain(session_id)
    assert (lost.state, lost.conclusion.partition(":")[0]) == ("deleted", "It is unknown why the session ended")
    world.clock.advance(3_600)
    ended = await world.explanation.explain(session_id)
    assert ended.conclusion.endswith("so it expired, at 2027-01-15T09:00:00Z at the latest.")


async def test_failed_logins_are_limited(world: World) -> None:
    """The timeline has the last 20 failed logins as the session's user, and none as an unknown user."""
    issued = await world.open_session()
    for number in range(25):
        world.clock.advance(1)
        world.audit.record(
            LoginFailed(at=world.clock.now(), reason=f"r{number}", subject=ALICE.subject, address=ADDRESS)
        )
        world.audit.record(LoginFailed(at=world.clock.now(), reason="unknown_user", subject=None, address=ADDRESS))
    timeline = await explained(world, issued)
    assert [each.details["reason"] for each in timeline.records] == [f"r{number}" for number in range(5, 25)]


async def test_records_after_the_end_are_not_in_the_timeline(world: World) -> None:
    """A record long after the expiry is left out, also if the store has deleted the session."""
    issued = await world.open_session()
    await world.refresh(issued.refresh_token)
    await store_records(world)
    world.clock.advance(3_661)
    await world.administration.disable(ALICE.subject)
    assert names(await explained(world, issued)) == ["token_refreshed"]
    world.sessions.stored.clear()
    assert names(await explained(world, issued)) == ["token_refreshed"]


async def test_an_unknown_session(world: World) -> None:
    """A session without a stored row and without a record is not found."""
    with pytest.raises(SessionNotFound):
        await world.explanation.explain(SessionId(bytes(16)))


async def test_old_audit_records_are_deleted(world: World) -> None:
    """A record is deleted after the retention period, and not before."""
    issued = await world.open_session()
    await world.refresh(issued.refresh_token)
    await store_records(world)
    world.clock.advance(7_776_000)
    await world.retention.sweep()
    assert len(world.audit_records.stored) == 1
    world.clock.advance(0.5)
    await world.retention.sweep()
    assert len(world.audit_records.stored) == 0
