"""The waiting room of refreshes: who may come in, and what is done for those who may not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from app.domain.errors import Overloaded
from app.domain.identifiers import FIRST_PARTY, SessionId
from app.domain.sessions import ratchet
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.ratchet import RefreshToken
from app.domain.sessions.recent_tokens import RecentTokens
from app.domain.sessions.refresh_room import RefreshRoom
from app.ports.patience import Patience
from app.testing.world import REQUESTER, World


class Impatience(Patience):
    """The patience of a client that is gone before the commit."""

    def __init__(self) -> None:
        self.asked = 0

    def begin_commit(self) -> None:
        self.asked += 1
        raise Overloaded(reason="gone")


@pytest.fixture
async def full(world: World) -> AsyncIterator[World]:
    """Return a world whose room is full, and in which no doubtful token may be read any more."""
    with ExitStack() as places:
        room = world.refresh_room
        while not room.queue.is_full():
            places.enter_context(room.queue.place())
        yield world


def _use_up_doubtful(room: RefreshRoom, token: str) -> None:
    while room.admits(ratchet.parse(token).secret):
        with room.enter(ratchet.parse(token)):
            pass


async def test_a_refusal_asks_the_store_nothing(full: World) -> None:
    """When the room is full, a refresh is refused before the session is read, and the token works later."""
    token = (await full.open_session()).refresh_token
    _use_up_doubtful(full.refresh_room, token)

    async def fail() -> None:
        pytest.fail("the session was read")

    full.sessions.once("before find", fail)
    with pytest.raises(Overloaded):
        await full.refresh(token)
    full.sessions.once("before find", lambda: asyncio.sleep(0))
    assert (await full.stored(token)).generation == 0
    assert not full.audit.events


async def test_a_replay_is_answered_while_the_room_is_full(full: World) -> None:
    """The client whose answer was lost gets the current token: it loses its session if it must wait too long."""
    token = (await full.open_session()).refresh_token
    room = full.refresh_room
    full.__dict__["refresh_room"] = RefreshRoom(longest_wait=0.5, replay_window=120, clock=full.clock)
    successor = (await full.refresh(token)).refresh_token
    room._recent = full.refresh_room._recent
    full.__dict__["refresh_room"] = full.rotation._room = room
    _use_up_doubtful(room, successor)
    assert (await full.refresh(token)).refresh_token == successor
    with pytest.raises(Overloaded):
        await full.refresh(successor)


async def test_a_replay_of_another_instance_is_answered_too(full: World) -> None:
    """A few tokens that this instance has not replaced are read: they may be replays, and a current one is refused."""
    first = (await full.open_session()).refresh_token
    other = RefreshRoom(longest_wait=0.5, replay_window=120, clock=full.clock)
    full.rotation._room, room = other, full.rotation._room
    successor = (await full.refresh(first)).refresh_token
    full.rotation._room = room
    with pytest.raises(Overloaded):
        await full.refresh(successor)
    assert (await full.refresh(first)).refresh_token == successor
    _use_up_doubtful(room, first)
    with pytest.raises(Overloaded):
        await full.refresh(first)
    full.clock.advance(1)
    assert (await full.refresh(first)).refresh_token == successor


async def test_turns_let_no_doubtful_token_in(full: World) -> None:
    """However many refreshes are served, only a few others are read in vain in a second: reading them costs turns."""
    room = RefreshRoom(longest_wait=0.005, replay_window=120, clock=full.clock)
    secrets = [number.to_bytes(32, "big") for number in range(1_000)]
    with ExitStack() as places:
        while not room.queue.is_full():
            places.enter_context(room.queue.place())
        read = _read_while_full(room, secrets)
    for _ in range(1_000):
        with room.queue.place() as place:
            await place.turn()
    with ExitStack() as places:
        while not room.queue.is_full():
            places.enter_context(room.queue.place())
        assert (read, _read_while_full(room, secrets)) == (16, 0)
        full.clock.advance(0.5)
        assert _read_while_full(room, secrets) == 10


def _read_while_full(room: RefreshRoom, secrets: list[bytes]) -> int:
    """Return how many of the tokens with these secrets are read."""
    read = 0
    for secret in secrets:
        if room.admits(secret):
            with room.enter(RefreshToken(SessionId(bytes(16)), bytes(16), secret)):
                read += 1
    return read


async def test_each_replay_of_another_instance_lets_more_be_read(full: World) -> None:
    """While other instances replace tokens whose answers are lost, more of the tokens that come are read."""
    first = (await full.open_session()).refresh_token
    room, full.rotation._room = (
        full.rotation._room,
        RefreshRoom(longest_wait=0.5, replay_window=120, clock=full.clock),
    )
    await full.refresh(first)
    full.rotation._room = room
    room._doubtful = 1.0
    await full.refresh(first)
    assert _read_while_full(room, [bytes(32)] * 20) == 8


async def test_reuse_is_detected_while_the_room_is_full(full: World) -> None:
    """A stolen token that is read ends its session, whether a place is free or not."""
    first = (await full.open_session()).refresh_token
    room, full.rotation._room = (
        full.rotation._room,
        RefreshRoom(longest_wait=0.5, replay_window=120, clock=full.clock),
    )
    await full.refresh(first)
    full.rotation._room = room
    full.clock.advance(full.session_policy.replay_window)
    with pytest.raises(InvalidGrant):
        await full.refresh(first)
    assert (await full.stored(first)).revoked_at is not None


async def test_nothing_is_committed_for_a_client_that_has_gone(world: World) -> None:
    """The client may come back after the replay window: with an unchanged session its token still works."""
    token = (await world.open_session()).refresh_token
    gone = Impatience()
    with pytest.raises(Overloaded):
        await world.rotation.rotate(token, client_id=FIRST_PARTY, requester=REQUESTER, patience=gone)
    assert gone.asked == 1
    assert (await world.stored(token)).generation == 0
    world.clock.advance(world.session_policy.replay_window)
    assert (await world.refresh(token)).refresh_token != token


async def test_a_session_is_not_ended_for_a_client_that_has_gone(world: World) -> None:
    """The end of a session is a commit, too: the audit trail would miss its event."""
    first = (await world.open_session()).refresh_token
    await world.refresh(first)
    world.clock.advance(world.session_policy.replay_window)
    with pytest.raises(Overloaded):
        await world.rotation.rotate(first, client_id=FIRST_PARTY, requester=REQUESTER, patience=Impatience())
    assert (await world.stored(first)).revoked_at is None


def test_recent_tokens_are_known_for_the_window() -> None:
    """A token is known for at least the window and for at most twice as long, and few others look like it."""
    recent = RecentTokens(seconds=10)
    digests = [ratchet.digest(str(number).encode()) for number in range(30_000)]
    for digest in digests[:10_000]:
        recent.add(digest, 105.0)
    assert all(recent.may_have(digest, 114.9) for digest in digests[:10_000])
    assert sum(recent.may_have(digest, 114.9) for digest in digests[10_000:]) < 20
    assert not any(recent.may_have(digest, 125.0) for digest in digests)
