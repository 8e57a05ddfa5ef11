"""Failures between the verdict and the write use up no token, and do not hide a reuse."""

from collections.abc import Awaitable, Callable

import pytest

from app.domain.audit.events import TokenRefreshed, TokenReplayed
from app.domain.clients.client import FIRST_PARTY_CLIENT
from app.domain.errors import InvalidClient
from app.domain.identifiers import FIRST_PARTY
from app.domain.keys.errors import NoActiveKey, SignerUnavailable
from app.domain.keys.signing_key import SigningKey
from app.domain.keys.stored_key import StoredKey
from app.domain.scope import MAX_LENGTH, InvalidScope, Scope
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.session import RevocationReason
from app.testing.builders import ALICE, PASSWORD
from app.testing.world import OTHER_CLIENT, REQUESTER, World

EXCESSIVE = "account orders:write"
MALFORMED = "account  orders:read"
BAD_SCOPES = [EXCESSIVE, MALFORMED, "x" * (MAX_LENGTH + 1)]


class SigningBrokeError(Exception):
    """Signing failed."""


async def remove_the_keys(world: World) -> type[Exception]:
    """Remove all signing keys; return the expected error."""
    await world.use_keys()
    return NoActiveKey


async def break_the_signing(world: World) -> type[Exception]:
    """Make signing fail; return the expected error."""

    async def fail() -> None:
        raise SigningBrokeError

    world.signer.once("before sign", fail)
    return SigningBrokeError


async def unplug_the_signer(world: World) -> type[Exception]:
    """Let the signer be out of reach; return the expected error."""

    async def fail() -> None:
        raise SignerUnavailable

    world.signer.once("before sign", fail)
    return SignerUnavailable


async def take_the_key_from_the_signer(world: World) -> type[Exception]:
    """Remove the active key in the signer alone; return the expected error."""
    world.signer.install(())
    return SignerUnavailable


async def remove_the_client(world: World) -> type[Exception]:
    """Delete the client; return the expected error."""
    del world.clients.stored[FIRST_PARTY]
    return InvalidClient


Fault = Callable[[World], Awaitable[type[Exception]]]
FAULTS = pytest.mark.parametrize(
    "fault",
    [remove_the_keys, break_the_signing, unplug_the_signer, take_the_key_from_the_signer, remove_the_client],
)


async def repair(world: World) -> None:
    """Undo each of the faults."""
    await world.use_keys(SigningKey("kid-1"))
    world.signer.install([StoredKey(SigningKey("kid-1"), b"")])
    world.clients.stored[FIRST_PARTY] = FIRST_PARTY_CLIENT


@FAULTS
async def test_a_failed_rotation_uses_up_no_token(world: World, fault: Fault) -> None:
    """A failed rotation leaves the session as it was, and the same token rotates later."""
    token = (await world.open_session()).refresh_token
    before = await world.stored(token)
    with pytest.raises(await fault(world)):
        await world.refresh(token)
    assert await world.stored(token) == before
    assert (world.sessions.writes, world.audit.events) == ([], [])
    await repair(world)
    await world.refresh(token)
    assert world.audit.kinds() == [TokenRefreshed]


@FAULTS
async def test_a_failed_replay_changes_nothing(world: World, fault: Fault) -> None:
    """A replay fails for the same reasons, changes nothing, and succeeds later."""
    tokens = await world.refresh_times(1, await world.open_session())
    before = await world.stored(tokens[0])
    with pytest.raises(await fault(world)):
        await world.refresh(tokens[0])
    assert await world.stored(tokens[0]) == before
    await repair(world)
    assert (await world.refresh(tokens[0])).refresh_token == tokens[1]
    assert world.audit.kinds() == [TokenReplayed]


@FAULTS
async def test_a_fault_does_not_hide_reuse(world: World, fault: Fault) -> None:
    """Reuse revokes the session even if signing would fail or the client was removed."""
    tokens = await world.replace_twice(await world.open_session())
    await fault(world)
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0])
    assert (await world.stored(tokens[0])).revoked_because is RevocationReason.REUSE


@pytest.mark.parametrize("generation", [0, 1], ids=["replay", "rotation"])
@pytest.mark.parametrize("requested_scope", BAD_SCOPES, ids=["excessive", "malformed", "long"])
async def test_a_bad_scope_uses_up_no_token(world: World, requested_scope: str, generation: int) -> None:
    """An excessive, malformed or long scope is refused and changes nothing; the token still works."""
    tokens = await world.refresh_times(1, await world.open_session())
    before = await world.stored(tokens[0])
    with pytest.raises(InvalidScope):
        await world.refresh(tokens[generation], requested_scope=requested_scope)
    assert await world.stored(tokens[0]) == before
    assert (world.sessions.writes, world.audit.events) == ([], [])
    assert await world.refresh(tokens[generation])


@pytest.mark.parametrize("requested_scope", BAD_SCOPES, ids=["excessive", "malformed", "long"])
async def test_a_bad_scope_does_not_hide_reuse(world: World, requested_scope: str) -> None:
    """Reuse is detected before the scope is parsed."""
    tokens = await world.replace_twice(await world.open_session())
    with pytest.raises(InvalidGrant):
        await world.refresh(tokens[0], requested_scope=requested_scope)
    assert (await world.stored(tokens[0])).revoked_because is RevocationReason.REUSE


async def test_a_refused_token_hides_the_check_of_the_scope(world: World) -> None:
    """A foreign client and the holder of a dead token get ``InvalidGrant``, not ``InvalidScope``."""
    token = (await world.open_session()).refresh_token
    with pytest.raises(InvalidGrant):
        await world.rotation.rotate(token, client_id=OTHER_CLIENT, requester=REQUESTER, requested_scope=EXCESSIVE)
    world.clock.time = (await world.stored(token)).expires_at
    with pytest.raises(InvalidGrant):
        await world.refresh(token, requested_scope=EXCESSIVE)


async def test_a_narrower_scope_applies_to_one_access_token(world: World) -> None:
    """The session keeps its scope, and the next refresh grants all of it."""
    granted = await world.refresh((await world.open_session()).refresh_token, requested_scope="account")
    assert granted.scope == world.claims(granted).scope == Scope.parse("account")
    assert (await world.stored(granted.refresh_token)).scope == ALICE.scope
    follower = await world.refresh(granted.refresh_token)
    assert follower.scope == world.claims(follower).scope == ALICE.scope


async def test_a_replay_may_request_another_scope(world: World) -> None:
    """The scope of a replay does not depend on the scope that the first presentation requested."""
    token = (await world.open_session()).refresh_token
    first = await world.refresh(token, requested_scope="account")
    second = await world.refresh(token, requested_scope="orders:read")
    assert second.scope == world.claims(second).scope == Scope.parse("orders:read")
    assert second.refresh_token == first.refresh_token


@pytest.mark.parametrize("requested_scope", [None, ""])
async def test_without_a_requested_scope_the_session_scope_is_granted(
    world: World, requested_scope: str | None
) -> None:
    """The session's scope may be narrower than the user's."""
    signed_in = await world.authentication.sign_in(
        ALICE.username, PASSWORD, client_id=FIRST_PARTY, requested_scope="account", requester=REQUESTER
    )
    granted = signed_in.tokens
    assert (await world.refresh(granted.refresh_token, requested_scope=requested_scope)).scope == Scope.parse("account")
