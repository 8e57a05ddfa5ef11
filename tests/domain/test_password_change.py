"""A signed-in user changes their password."""

import pytest

from app.domain.audit.events import LoginFailed, PasswordChanged
from app.domain.errors import InvalidRequest, StoreUnavailable
from app.domain.identifiers import FIRST_PARTY
from app.domain.login.errors import InvalidCredentials, WrongCurrentPassword
from app.domain.sessions import ratchet
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.session import RevocationReason
from app.domain.tokens.errors import SessionRevoked
from app.testing.builders import ALICE, PASSWORD
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import REQUESTER, World

NEW_PASSWORD = "staple battery"  # noqa: S105  # a test's


async def change(world: World, granted: IssuedTokens, current: str = PASSWORD, new: str = NEW_PASSWORD) -> None:
    """Change Alice's password in the session of ``granted``."""
    session_id = ratchet.parse(granted.refresh_token).session_id
    await world.password_change.change(ALICE.subject, session_id, current=current, new=new, requester=REQUESTER)


async def sign_in(world: World, password: str) -> IssuedTokens:
    """Sign Alice in."""
    signed_in = await world.authentication.sign_in(
        ALICE.username, password, client_id=FIRST_PARTY, requested_scope=None, requester=REQUESTER
    )
    return signed_in.tokens


async def test_this_session_goes_on_and_all_others_are_revoked(world: World) -> None:
    """This session gets the new credential version; the others are revoked, with their access tokens."""
    kept, other = await world.open_session(), await world.open_session()
    await change(world, kept)
    assert await world.refresh(kept.refresh_token)
    assert (await world.stored(other.refresh_token)).revoked_because is RevocationReason.PASSWORD_CHANGED
    with pytest.raises(InvalidGrant):
        await world.refresh(other.refresh_token)
    with pytest.raises(SessionRevoked):
        world.validation.validate(other.access_token)
    assert world.validation.validate(kept.access_token)
    assert PasswordChanged(at=NOW, subject=ALICE.subject, by=ALICE.subject) in world.audit.events


async def test_only_the_new_password_is_accepted(world: World) -> None:
    """The old password is refused."""
    await change(world, await world.open_session())
    with pytest.raises(InvalidCredentials):
        await sign_in(world, PASSWORD)
    assert await sign_in(world, NEW_PASSWORD)


async def test_a_wrong_current_password_changes_nothing(world: World) -> None:
    """It costs one verification and no hash, and is recorded."""
    kept, other = await world.open_session(), await world.open_session()
    with pytest.raises(WrongCurrentPassword):
        await change(world, kept, current="wrong")
    assert (world.hasher.verifications, world.hasher.hashes) == (1, 0)
    assert world.audit.events == [
        LoginFailed(at=NOW, reason="wrong_current_password", subject=ALICE.subject, address=REQUESTER.address)
    ]
    assert await world.refresh(other.refresh_token)
    assert await world.users.find(ALICE.subject) == ALICE


@pytest.mark.parametrize("new", ["short", "p" * 129, "Password1"])
async def test_the_policy_is_checked_first(world: World, new: str) -> None:
    """The error names the field, and nothing is hashed."""
    with pytest.raises(InvalidRequest) as refusal:
        await change(world, await world.open_session(), new=new)
    assert [each.field for each in refusal.value.errors] == ["new_password"]
    assert (world.hasher.verifications, world.hasher.hashes) == (0, 0)


async def test_a_concurrent_sign_in_is_refused(world: World) -> None:
    """A sign-in that read the user before the change gets no tokens, and its new session is revoked."""
    kept = await world.open_session()
    world.users.once("after find_by_username", lambda: change(world, kept))
    with pytest.raises(InvalidCredentials):
        await sign_in(world, PASSWORD)
    opened = await world.sessions.list_live_sessions(ALICE.subject, now=NOW, limit=9)
    assert [each.session_id for each in opened] == [ratchet.parse(kept.refresh_token).session_id]
    for token in world.codec.issued:
        if world.codec.issued[token].session_id != ratchet.parse(kept.refresh_token).session_id:
            with pytest.raises(SessionRevoked):
                world.validation.validate(token)


async def test_a_concurrent_refresh_is_refused(world: World) -> None:
    """A rotation that began before the change is refused."""
    kept, other = await world.open_session(), await world.open_session()
    world.sessions.once("before advance", lambda: change(world, kept))
    with pytest.raises(InvalidGrant):
        await world.refresh(other.refresh_token)


async def test_of_two_concurrent_changes_one_is_made(world: World) -> None:
    """The second change gets ``WrongCurrentPassword``."""
    one, other = await world.open_session(), await world.open_session()
    world.users.once("before change_password", lambda: change(world, other, new="another battery"))
    with pytest.raises(WrongCurrentPassword):
        await change(world, one)
    assert await sign_in(world, "another battery")


async def test_a_change_whose_answer_was_lost_is_completed(world: World) -> None:
    """If the store made the change but its answer was lost, the other sessions are revoked."""
    kept, other = await world.open_session(), await world.open_session()
    world.users.once("after change_password", unavailable)
    await change(world, kept)
    assert await world.refresh(kept.refresh_token)
    with pytest.raises(InvalidGrant):
        await world.refresh(other.refresh_token)


async def test_a_change_can_be_repeated_to_revoke_the_sessions(world: World) -> None:
    """The same request, sent again, revokes the other sessions, and this session goes on."""
    kept, other = await world.open_session(), await world.open_session()
    world.sessions.once("before revoke", unavailable)
    with pytest.raises(StoreUnavailable):
        await change(world, kept)
    await change(world, kept)
    assert await world.refresh(kept.refresh_token)
    with pytest.raises(SessionRevoked):
        world.validation.validate(other.access_token)


async def test_a_concurrently_renewed_hash_does_not_refuse_the_change(world: World) -> None:
    """The confirmed password is still the current one."""
    kept = await world.open_session()

    async def renew() -> None:
        await world.users.replace_password_hash(ALICE.subject, expected=ALICE.password_hash, new="plain:renewed")

    world.users.once("before change_password", renew)
    await change(world, kept)
    assert await sign_in(world, NEW_PASSWORD)


async def test_a_change_that_failed_changes_nothing(world: World) -> None:
    """If the store does not answer, the password and all sessions stay."""
    kept, other = await world.open_session(), await world.open_session()
    world.users.once("before change_password", unavailable)
    with pytest.raises(StoreUnavailable):
        await change(world, kept)
    assert await world.refresh(other.refresh_token)
    assert await sign_in(world, PASSWORD)
