"""A signed-in user replaces their password."""

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
    """Change Alice's password in the session of a grant."""
    session_id = ratchet.parse(granted.refresh_token).session_id
    await world.password_change.change(ALICE.subject, session_id, current=current, new=new, requester=REQUESTER)


async def sign_in(world: World, password: str) -> IssuedTokens:
    """Sign Alice in."""
    signed_in = await world.authentication.sign_in(
        ALICE.username, password, client_id=FIRST_PARTY, requested=None, requester=REQUESTER
    )
    return signed_in.tokens


async def test_this_session_goes_on_and_all_others_end(world: World) -> None:
    """The session in which the password was changed takes the new version; the others are revoked, tokens and all."""
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


async def test_the_new_password_is_the_password(world: World) -> None:
    """The old one opens nothing any more."""
    await change(world, await world.open_session())
    with pytest.raises(InvalidCredentials):
        await sign_in(world, PASSWORD)
    assert await sign_in(world, NEW_PASSWORD)


async def test_the_current_password_is_needed(world: World) -> None:
    """A wrong one changes nothing, costs one verification and no hash, and is recorded."""
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
async def test_the_policy_is_asked_first(world: World, new: str) -> None:
    """What cannot be a password is said by name of its field, and nothing is hashed."""
    with pytest.raises(InvalidRequest) as refusal:
        await change(world, await world.open_session(), new=new)
    assert [each.field for each in refusal.value.errors] == ["new_password"]
    assert (world.hasher.verifications, world.hasher.hashes) == (0, 0)


async def test_a_sign_in_under_way_does_not_survive(world: World) -> None:
    """Who found the user before the change and opened a session after it gets no tokens, and the session is ended."""
    kept = await world.open_session()
    world.users.once("after find_by_username", lambda: change(world, kept))
    with pytest.raises(InvalidCredentials):
        await sign_in(world, PASSWORD)
    opened = await world.sessions.list_live_sessions(ALICE.subject, now=NOW)
    assert [each.session_id for each in opened] == [ratchet.parse(kept.refresh_token).session_id]
    for token in world.codec.issued:
        if world.codec.issued[token].session_id != ratchet.parse(kept.refresh_token).session_id:
            with pytest.raises(SessionRevoked):
                world.validation.validate(token)


async def test_a_refresh_under_way_does_not_survive(world: World) -> None:
    """A rotation that was judged before the change gives tokens of a session that has ended, or none."""
    kept, other = await world.open_session(), await world.open_session()
    world.sessions.once("before advance", lambda: change(world, kept))
    with pytest.raises(InvalidGrant):
        await world.refresh(other.refresh_token)


async def test_of_two_changes_one_is_made(world: World) -> None:
    """Who changes the password while another does so is told that the current one is wrong."""
    one, other = await world.open_session(), await world.open_session()
    world.users.once("before change_password", lambda: change(world, other, new="another battery"))
    with pytest.raises(WrongCurrentPassword):
        await change(world, one)
    assert await sign_in(world, "another battery")


async def test_an_answer_of_the_store_that_got_lost_is_found_out(world: World) -> None:
    """A change that was made without an acknowledgement is gone through with."""
    kept, other = await world.open_session(), await world.open_session()
    world.users.once("after change_password", unavailable)
    await change(world, kept)
    assert await world.refresh(kept.refresh_token)
    with pytest.raises(InvalidGrant):
        await world.refresh(other.refresh_token)


async def test_a_change_whose_sessions_could_not_be_ended_goes_on(world: World) -> None:
    """The same request, sent again, ends what is left, and this session goes on."""
    kept, other = await world.open_session(), await world.open_session()
    world.sessions.once("before revoke", unavailable)
    with pytest.raises(StoreUnavailable):
        await change(world, kept)
    await change(world, kept)
    assert await world.refresh(kept.refresh_token)
    with pytest.raises(SessionRevoked):
        world.validation.validate(other.access_token)


async def test_a_hash_that_a_sign_in_renews_meanwhile_is_no_other_password(world: World) -> None:
    """The current password was right, and still is."""
    kept = await world.open_session()

    async def renew() -> None:
        await world.users.replace_password_hash(ALICE.subject, expected=ALICE.password_hash, new="plain:renewed")

    world.users.once("before change_password", renew)
    await change(world, kept)
    assert await sign_in(world, NEW_PASSWORD)


async def test_a_change_that_was_not_made_is_not_claimed(world: World) -> None:
    """Without the store the password stays, and so do all sessions."""
    kept, other = await world.open_session(), await world.open_session()
    world.users.once("before change_password", unavailable)
    with pytest.raises(StoreUnavailable):
        await change(world, kept)
    assert await world.refresh(other.refresh_token)
    assert await sign_in(world, PASSWORD)
