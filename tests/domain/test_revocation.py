"""Revocation: ending sessions before they expire."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from app.domain.audit.events import SessionWasRevoked
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import FIRST_PARTY, SessionId
from app.domain.sessions import ratchet
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.session import RevocationReason
from app.domain.tokens.errors import SessionRevoked
from app.testing.builders import ALICE, access_token_claims, refresh_token
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import OTHER_CLIENT, World

LEEWAY = 30
MEMORY = 900 + LEEWAY + 60


@pytest.mark.parametrize("wait", [0, 1000], ids=["at once", "long after"])
@pytest.mark.parametrize("generation", [0, 1, 2])
async def test_a_refresh_token_of_any_generation_logs_out(world: World, generation: int, wait: float) -> None:
    """Each refresh token of a session, also a replaced one, ends the session as a logout and not as reuse."""
    opened = await world.open_session()
    tokens = await world.refresh_times(2, opened)
    world.clock.advance(wait)
    await world.revocation.log_out_with_refresh_token(tokens[generation], client_id=FIRST_PARTY)
    session = await world.stored(tokens[0])
    assert (session.revoked_at, session.revoked_because) == (NOW + wait, RevocationReason.LOGOUT)
    assert world.audit.events == [
        SessionWasRevoked(
            at=NOW + wait,
            session_id=session.session_id,
            subject=ALICE.subject,
            client_id=FIRST_PARTY,
            reason=RevocationReason.LOGOUT,
        )
    ]
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[2])


async def test_an_access_token_logs_out(world: World) -> None:
    """A valid access token ends its session."""
    opened = await world.open_session()
    await world.revocation.log_out_with_access_token(world.claims(opened), client_id=FIRST_PARTY)
    assert (await world.stored(opened.refresh_token)).revoked_because is RevocationReason.LOGOUT
    assert world.audit.kinds() == [SessionWasRevoked]


async def test_a_logout_ends_the_access_tokens(world: World) -> None:
    """After a logout this instance refuses all access tokens of the session, and accepts those of other sessions."""
    opened, other = await world.open_session(), await world.open_session()
    refreshed = await world.refresh(opened.refresh_token)
    await world.revocation.log_out_with_refresh_token(opened.refresh_token, client_id=FIRST_PARTY)
    for granted in (opened, refreshed):
        with pytest.raises(SessionRevoked):
            world.validation.validate(granted.access_token)
    assert world.validation.validate(other.access_token)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: "nonsense", id="malformed"),
        pytest.param(lambda _: ratchet.encode(refresh_token(session=9)), id="unknown session"),
        pytest.param(lambda text: ratchet.encode(replace(ratchet.parse(text), lineage=bytes(16))), id="wrong lineage"),
    ],
)
async def test_a_token_that_was_never_issued_ends_nothing(world: World, change: Callable[[str], str]) -> None:
    """The id of a session is not enough to end it, and the answer does not tell whether the session exists."""
    opened = await world.open_session()
    await world.revocation.log_out_with_refresh_token(change(opened.refresh_token), client_id=FIRST_PARTY)
    assert (world.sessions.writes, world.audit.events) == ([], [])
    assert await world.refresh(opened.refresh_token)


async def test_another_clients_token_ends_nothing(world: World) -> None:
    """Only the client to which a token was issued can revoke it (RFC 7009 §2.1)."""
    opened = await world.open_session()
    await world.revocation.log_out_with_refresh_token(opened.refresh_token, client_id=OTHER_CLIENT)
    await world.revocation.log_out_with_access_token(world.claims(opened), client_id=OTHER_CLIENT)
    assert (world.sessions.writes, world.audit.events) == ([], [])
    assert await world.refresh(opened.refresh_token)


@pytest.mark.parametrize("session_id", [None, refresh_token(session=9).session_id], ids=["none", "deleted"])
async def test_an_access_token_without_a_session_ends_nothing(world: World, session_id: SessionId | None) -> None:
    """The token of a client that acts for itself, or of a deleted session, is no error."""
    await world.revocation.log_out_with_access_token(access_token_claims(session_id=session_id), client_id=FIRST_PARTY)
    assert (world.sessions.writes, world.audit.events) == ([], [])


async def end(world: World, token: str) -> None:
    """Revoke the session for another reason."""
    await world.revocation.revoke(await world.stored(token), RevocationReason.ENDED_BY_USER)


async def expire(world: World, token: str) -> None:
    """Move the clock until the session and its last access token have expired."""
    world.clock.time = (await world.stored(token)).expires_at + LEEWAY


@pytest.mark.parametrize("end_session", [end, expire])
async def test_a_dead_session_stays_as_it_is(
    world: World, end_session: Callable[[World, str], Awaitable[None]]
) -> None:
    """Logging out of a dead session is no error, and changes neither its end nor its reason."""
    opened = await world.open_session()
    await end_session(world, opened.refresh_token)
    before = await world.stored(opened.refresh_token)
    world.audit.events.clear()
    world.clock.advance(1)
    await world.revocation.log_out_with_refresh_token(opened.refresh_token, client_id=FIRST_PARTY)
    await world.revocation.log_out_with_access_token(world.claims(opened), client_id=FIRST_PARTY)
    assert await world.stored(opened.refresh_token) == before
    assert world.audit.events == []


async def test_a_second_revocation_changes_nothing(world: World) -> None:
    """The reason of the first revocation stays, and one event is recorded."""
    opened = await world.open_session()
    session = await world.stored(opened.refresh_token)
    await world.revocation.revoke(session, RevocationReason.REUSE)
    await world.revocation.revoke(session, RevocationReason.LOGOUT)
    assert (await world.stored(opened.refresh_token)).revoked_because is RevocationReason.REUSE
    assert world.audit.kinds() == [SessionWasRevoked]


async def test_a_revocation_by_another_instance_is_added_to_the_list(world: World) -> None:
    """An instance that finds the session revoked by another instance refuses its access tokens from then on."""
    opened = await world.open_session()
    session = await world.stored(opened.refresh_token)
    await world.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=NOW)
    await world.revocation.revoke(session, RevocationReason.LOGOUT)
    assert session.session_id in world.revoked
    assert world.audit.events == []


async def test_an_unconfirmed_logout_is_an_error(world: World) -> None:
    """If the store does not answer, the logout fails and is not recorded; a second try succeeds."""
    opened = await world.open_session()
    world.sessions.once("before revoke", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.revocation.log_out_with_refresh_token(opened.refresh_token, client_id=FIRST_PARTY)
    assert world.audit.events == []
    await world.revocation.log_out_with_refresh_token(opened.refresh_token, client_id=FIRST_PARTY)
    assert (await world.stored(opened.refresh_token)).revoked_because is RevocationReason.LOGOUT


async def test_a_logout_within_the_leeway_ends_the_access_token(world: World) -> None:
    """A logout after the session has expired ends an access token that the leeway still accepts."""
    opened = await world.open_session()
    world.clock.time = (await world.stored(opened.refresh_token)).expires_at - 10
    token = (await world.refresh(opened.refresh_token)).access_token
    world.clock.advance(15)
    claims = world.validation.validate(token)
    await world.revocation.log_out_with_access_token(claims, client_id=FIRST_PARTY)
    with pytest.raises(SessionRevoked):
        world.validation.validate(token)


async def test_a_revocation_by_another_request_is_recorded_once(world: World) -> None:
    """If the store's answer was lost and another request had revoked the session, only that request records it."""
    opened = await world.open_session()
    session = await world.stored(opened.refresh_token)

    async def revoke_first() -> None:
        await world.revocation.revoke(session, RevocationReason.ENDED_BY_USER)
        raise StoreUnavailable

    world.sessions.once("before revoke", revoke_first)
    await world.revocation.revoke(session, RevocationReason.LOGOUT)
    recorded = [event.reason for event in world.audit.events if isinstance(event, SessionWasRevoked)]
    assert recorded == [RevocationReason.ENDED_BY_USER]


async def test_a_logout_repeated_after_a_lost_answer_ends_the_access_token(world: World) -> None:
    """If the store revoked and its answer was lost, the second logout succeeds and ends the access token."""
    opened = await world.open_session()
    world.sessions.once("after revoke", unavailable)
    with suppress(StoreUnavailable):
        await world.revocation.log_out_with_refresh_token(opened.refresh_token, client_id=FIRST_PARTY)
    await world.revocation.log_out_with_refresh_token(opened.refresh_token, client_id=FIRST_PARTY)
    with pytest.raises(SessionRevoked):
        world.validation.validate(opened.access_token)


@pytest.mark.parametrize(("ago", "known"), [(0, True), (MEMORY, True), (MEMORY + 0.001, False), (10_000, False)])
async def test_a_new_instance_syncs_the_revocations_that_matter(world: World, ago: float, *, known: bool) -> None:
    """It reads the sessions revoked within the lifetime of an access token, the leeway and 60 s."""
    opened = await world.open_session()
    session = await world.stored(opened.refresh_token)
    await world.revocation.revoke(session, RevocationReason.LOGOUT)
    world.clock.advance(ago)
    world.restart()
    assert session.session_id not in world.revoked
    await world.revocation.sync_revocations()
    assert (session.session_id in world.revoked) is known
