"""What happens to a session while the access token of a rotation is being signed."""

import pytest

from app.domain.audit.events import TokenRefreshed, TokenReplayed
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.session import RevocationReason
from app.testing.system import NOW
from app.testing.world import World

WEEK = 604_800


async def test_the_replay_window_begins_with_the_commit(world: World) -> None:
    """A slow signature takes nothing from the window: the token counts as replaced when its successor is committed."""
    token = (await world.open_session()).refresh_token

    async def wait() -> None:
        world.clock.advance(4)

    world.signer.once("before sign", wait)
    successor = (await world.refresh(token)).refresh_token
    session = await world.stored(token)
    assert (session.rotated_at, session.replaced.last_at()) == (NOW + 4, NOW + 4)
    world.clock.advance(world.session_policy.replay_window - 1)
    assert (await world.refresh(token)).refresh_token == successor


async def test_a_session_that_expires_meanwhile_is_not_rotated(world: World) -> None:
    """The request is refused as one that comes after the expiry."""
    token = (await world.open_session()).refresh_token
    world.clock.advance(WEEK - 3)

    async def wait() -> None:
        world.clock.advance(4)

    world.signer.once("before sign", wait)
    before = await world.stored(token)
    with pytest.raises(InvalidGrant):
        await world.refresh(token)
    assert await world.stored(token) == before


async def test_a_session_that_is_revoked_meanwhile_is_not_rotated(world: World) -> None:
    """From the moment a revocation is acknowledged no rotation is committed."""
    token = (await world.open_session()).refresh_token
    session = await world.stored(token)

    async def revoke() -> None:
        await world.revocation.revoke(session, RevocationReason.LOGOUT)

    world.signer.once("before sign", revoke)
    with pytest.raises(InvalidGrant):
        await world.refresh(token)
    assert (await world.stored(token)).generation == 0


async def test_a_request_that_is_overtaken_replays(world: World) -> None:
    """Another request commits while this one waits for its signature: both get the same successor."""
    token = (await world.open_session()).refresh_token
    others: list[IssuedTokens] = []

    async def overtake() -> None:
        others.append(await world.refresh(token))

    world.signer.once("after sign", overtake)
    granted = await world.refresh(token)
    assert granted.refresh_token == others[0].refresh_token
    assert granted.access_token != others[0].access_token
    assert world.audit.kinds() == [TokenRefreshed, TokenReplayed]
