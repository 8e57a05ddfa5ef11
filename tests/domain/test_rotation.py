"""Rotation, row by row of the table in docs/refresh-tokens.md: the answer, the stored session and the audit events."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from app.domain.audit.events import ForeignClientRefused, TokenRefreshed, TokenReplayed
from app.domain.sessions import ratchet
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.session import RevocationReason, Session
from app.testing.builders import ALICE, refresh_token
from app.testing.system import NOW
from app.testing.world import OTHER_CLIENT, REQUESTER, World, facts_of


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text[:-1], id="malformed"),
        pytest.param(lambda _: ratchet.encode(refresh_token(session=9)), id="unknown session"),
        pytest.param(lambda text: ratchet.encode(replace(ratchet.parse(text), lineage=bytes(16))), id="wrong lineage"),
    ],
)
async def test_row_1_an_unknown_token_changes_nothing(world: World, change: Callable[[str], str]) -> None:
    """A token that was never issued is refused with the usual description; nothing is written or recorded."""
    token = (await world.open_session()).refresh_token
    before = await world.stored(token)
    with pytest.raises(InvalidGrant) as refusal:
        await world.refresh(change(token))
    assert refusal.value.description == InvalidGrant.description
    assert await world.stored(token) == before
    assert (world.sessions.writes, world.audit.events) == ([], [])


@pytest.mark.parametrize("generation", [0, 1, 2], ids=["reuse", "replay", "current"])
async def test_row_2_a_foreign_client_changes_nothing(world: World, generation: int) -> None:
    """Another client's token of any generation is refused and recorded; the session stays live."""
    tokens = await world.refresh_times(2, await world.open_session())
    before = await world.stored(tokens[-1])
    with pytest.raises(InvalidGrant):
        await world.rotation.rotate(tokens[generation], client_id=OTHER_CLIENT, requester=REQUESTER)
    assert await world.stored(tokens[-1]) == before
    assert world.audit.events == [ForeignClientRefused(**facts_of(before), presented_by=OTHER_CLIENT)]
    assert world.sessions.writes == []


async def revoke(world: World, session: Session) -> None:
    """Revoke the session."""
    await world.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=NOW)


async def reach_expiry(world: World, session: Session) -> None:
    """Move the clock to the session's absolute expiry."""
    world.clock.time = session.expires_at


async def disable(world: World, session: Session) -> None:
    """Disable the session's user."""
    world.users.stored[session.subject] = replace(ALICE, disabled=True)


async def delete(world: World, session: Session) -> None:
    """Delete the session's user."""
    del world.users.stored[session.subject]


async def change_password(world: World, session: Session) -> None:
    """Raise the user's credential version."""
    world.users.stored[session.subject] = replace(ALICE, credential_version=ALICE.credential_version + 1)


@pytest.mark.parametrize("generation", [0, 1, 2], ids=["reuse", "replay", "current"])
@pytest.mark.parametrize("end", [revoke, reach_expiry, disable, delete, change_password])
async def test_row_3_a_dead_session_stays_as_it_is(
    world: World, end: Callable[[World, Session], Awaitable[None]], generation: int
) -> None:
    """Every token of a dead session is refused; even a reuse writes and records nothing."""
    tokens = await world.refresh_times(2, await world.open_session())
    await end(world, await world.stored(tokens[-1]))
    before = await world.stored(tokens[-1])
    world.sessions.writes.clear()
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[generation])
    assert await world.stored(tokens[-1]) == before
    assert (world.sessions.writes, world.audit.events) == ([], [])


async def test_row_4_the_current_token_rotates(world: World) -> None:
    """The answer is the ratchet's successor, and the store has its digest and the digest that it replaced."""
    token = (await world.open_session()).refresh_token
    before = await world.stored(token)
    granted = await world.refresh(token)
    after = await world.stored(token)
    (replaced,) = after.replaced
    successor = ratchet.successor(ratchet.parse(token), salt=replaced.salt, generation=1)
    assert granted.refresh_token == ratchet.encode(successor)
    digest = ratchet.digest(successor.secret)
    assert after == replace(before, secret_digest=digest, replaced=after.replaced, generation=1, rotated_at=NOW)
    assert (replaced.digest, replaced.replaced_at) == (before.secret_digest, NOW)
    assert world.audit.events == [TokenRefreshed(**facts_of(before), generation=1)]


async def test_row_4_each_successor_rotates_in_turn(world: World) -> None:
    """Each rotation gives a new token with a new salt, and adds 1 to the generation."""
    granted = await world.open_session()
    tokens = {granted.refresh_token}
    for _ in range(5):
        granted = await world.refresh(granted.refresh_token)
        tokens.add(granted.refresh_token)
    replaced = (await world.stored(granted.refresh_token)).replaced
    salts = {each.salt for each in replaced}
    assert (len(tokens), len(salts)) == (6, 5)
    assert (await world.stored(granted.refresh_token)).generation == 5


async def test_row_5_a_replay_gets_the_same_successor(world: World) -> None:
    """Within the window the replaced token gets the same successor with another access token; nothing is written."""
    token = (await world.open_session()).refresh_token
    first = await world.refresh(token)
    before = await world.stored(token)
    world.audit.events.clear()
    world.sessions.writes.clear()
    second = await world.refresh(token)
    assert second.refresh_token == first.refresh_token
    assert second.access_token != first.access_token
    assert world.claims(second).token_id != world.claims(first).token_id
    assert await world.stored(token) == before
    assert world.sessions.writes == []
    assert world.audit.events == [TokenReplayed(**facts_of(before), generation=1)]
