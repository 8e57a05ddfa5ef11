"""What makes a rotation fail between verdict and write: it uses up no token and hides no reuse."""

from collections.abc import Awaitable, Callable

import pytest

from app.domain.audit.events import TokenRefreshed, TokenReplayed
from app.domain.clients.client import FIRST_PARTY_CLIENT
from app.domain.errors import ConfigurationError, InvalidClient
from app.domain.identifiers import FIRST_PARTY
from app.domain.keys.signing_key import SigningKey
from app.domain.scope import MAX_LENGTH, InvalidScope, Scope
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.session import RevocationReason
from app.testing.builders import ALICE, PASSWORD
from app.testing.world import OTHER_CLIENT, REQUESTER, World

EXCESSIVE = "account orders:write"
MALFORMED = "account  orders:read"
BAD_SCOPES = [EXCESSIVE, MALFORMED, "x" * (MAX_LENGTH + 1)]


class SigningBrokeError(Exception):
    """The signing failed."""


async def lose_the_keys(world: World) -> type[Exception]:
    """Leave no key to sign with; return the error to expect."""
    await world.use_keys()
    return ConfigurationError


async def break_the_signing(world: World) -> type[Exception]:
    """Make signing fail; return the error to expect."""

    def fail(*_: object, **__: object) -> str:
        raise SigningBrokeError

    world.codec.encode = fail  # type: ignore[method-assign]  # it is what breaks
    return SigningBrokeError


async def remove_the_client(world: World) -> type[Exception]:
    """Delete the client; return the error to expect."""
    del world.clients.stored[FIRST_PARTY]
    return InvalidClient


Trouble = Callable[[World], Awaitable[type[Exception]]]
TROUBLES = pytest.mark.parametrize("trouble", [lose_the_keys, break_the_signing, remove_the_client])


async def mend(world: World) -> None:
    """Undo any of the troubles."""
    await world.use_keys(SigningKey("kid-1"))
    vars(world.codec).pop("encode", None)
    world.clients.stored[FIRST_PARTY] = FIRST_PARTY_CLIENT


@TROUBLES
async def test_trouble_uses_up_no_token(world: World, trouble: Trouble) -> None:
    """A rotation that fails leaves the session as it was, and its token rotates later."""
    token = (await world.open_session()).refresh_token
    before = await world.stored(token)
    with pytest.raises(await trouble(world)):
        await world.refresh(token)
    assert await world.stored(token) == before
    assert (world.sessions.writes, world.audit.events) == ([], [])
    await mend(world)
    await world.refresh(token)
    assert world.audit.kinds() == [TokenRefreshed]


@TROUBLES
async def test_trouble_stops_a_replay_too(world: World, trouble: Trouble) -> None:
    """A replay fails as a rotation does, changes nothing, and succeeds later."""
    tokens = await world.refresh_times(1, await world.open_session())
    before = await world.stored(tokens[0])
    with pytest.raises(await trouble(world)):
        await world.refresh(tokens[0])
    assert await world.stored(tokens[0]) == before
    await mend(world)
    assert (await world.refresh(tokens[0])).refresh_token == tokens[1]
    assert world.audit.kinds() == [TokenReplayed]


@TROUBLES
async def test_trouble_hides_no_reuse(world: World, trouble: Trouble) -> None:
    """Reuse ends the session though signing fails or the client is gone."""
    tokens = await world.refresh_times(2, await world.open_session())
    await trouble(world)
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0])
    assert (await world.stored(tokens[0])).revoked_because is RevocationReason.REUSE


@pytest.mark.parametrize("generation", [0, 1], ids=["replay", "rotation"])
@pytest.mark.parametrize("requested", BAD_SCOPES, ids=["excessive", "malformed", "long"])
async def test_a_bad_scope_uses_up_no_token(world: World, requested: str, generation: int) -> None:
    """Too much scope, or none that can be read, is refused and changes nothing; the token still works."""
    tokens = await world.refresh_times(1, await world.open_session())
    before = await world.stored(tokens[0])
    with pytest.raises(InvalidScope):
        await world.refresh(tokens[generation], requested=requested)
    assert await world.stored(tokens[0]) == before
    assert (world.sessions.writes, world.audit.events) == ([], [])
    assert await world.refresh(tokens[generation])


@pytest.mark.parametrize("requested", BAD_SCOPES, ids=["excessive", "malformed", "long"])
async def test_a_bad_scope_hides_no_reuse(world: World, requested: str) -> None:
    """Reuse is found before the scope is read."""
    tokens = await world.refresh_times(2, await world.open_session())
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0], requested=requested)
    assert (await world.stored(tokens[0])).revoked_because is RevocationReason.REUSE


async def test_a_bad_scope_tells_a_stranger_nothing(world: World) -> None:
    """A foreign client and the holder of a dead token learn of the grant, not of the scope."""
    token = (await world.open_session()).refresh_token
    with pytest.raises(InvalidGrant):
        await world.rotation.rotate(token, client_id=OTHER_CLIENT, requested=EXCESSIVE)
    world.clock.time = (await world.stored(token)).expires_at
    with pytest.raises(InvalidGrant):
        await world.refresh(token, requested=EXCESSIVE)


async def test_a_narrower_scope_is_the_access_tokens_alone(world: World) -> None:
    """What is narrowed is one access token; the session keeps its scope, and the next refresh gives all of it."""
    granted = await world.refresh((await world.open_session()).refresh_token, requested="account")
    assert granted.scope == world.claims(granted).scope == Scope.parse("account")
    assert (await world.stored(granted.refresh_token)).scope == ALICE.scope
    follower = await world.refresh(granted.refresh_token)
    assert follower.scope == world.claims(follower).scope == ALICE.scope


async def test_a_replay_may_ask_for_another_scope(world: World) -> None:
    """A replay narrows its own access token, whatever the first presentation asked for."""
    token = (await world.open_session()).refresh_token
    first = await world.refresh(token, requested="account")
    second = await world.refresh(token, requested="orders:read")
    assert second.scope == world.claims(second).scope == Scope.parse("orders:read")
    assert second.refresh_token == first.refresh_token


@pytest.mark.parametrize("requested", [None, ""])
async def test_nothing_requested_is_the_sessions_scope(world: World, requested: str | None) -> None:
    """A refresh that names no scope gets the session's, which may be less than the user's has become."""
    signed_in = await world.authentication.sign_in(
        ALICE.username, PASSWORD, client_id=FIRST_PARTY, requested="account", requester=REQUESTER
    )
    granted = signed_in.tokens
    assert (await world.refresh(granted.refresh_token, requested=requested)).scope == Scope.parse("account")
