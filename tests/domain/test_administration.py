"""Administration of users."""

import pytest

from app.domain.audit.events import PasswordChanged, UserDisabled, UserEnabled
from app.domain.errors import InvalidRequest
from app.domain.identifiers import FIRST_PARTY, Subject
from app.domain.login.errors import InvalidCredentials, UserNotFound
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.session import RevocationReason
from app.domain.sessions.subject_sessions import SessionPage
from app.domain.tokens.errors import SessionRevoked
from app.testing.builders import ALICE, PASSWORD
from app.testing.system import NOW
from app.testing.world import REQUESTER, World

ADMIN = Subject("admin-subject")
NEW_PASSWORD = "staple battery"  # noqa: S105  # a test's


async def sign_in(world: World, password: str = PASSWORD) -> object:
    """Sign Alice in."""
    return await world.authentication.sign_in(
        ALICE.username, password, client_id=FIRST_PARTY, requested_scope=None, requester=REQUESTER
    )


async def test_disabling_a_user_revokes_their_sessions(world: World) -> None:
    """Every session has the reason, its access token is refused, and the user cannot sign in."""
    opened = [await world.open_session() for _ in range(2)]
    await world.administration.disable(ALICE.subject, by=ADMIN)
    for granted in opened:
        stored = await world.stored(granted.refresh_token)
        assert stored.revoked_because is RevocationReason.USER_DISABLED
        with pytest.raises(SessionRevoked):
            world.validation.validate(granted.access_token)
    with pytest.raises(InvalidCredentials):
        await sign_in(world)
    assert world.audit.events[0] == UserDisabled(at=NOW, subject=ALICE.subject, by=ADMIN)


async def test_enabling_a_user_restores_no_session(world: World) -> None:
    """The user can sign in again; revoked sessions stay revoked."""
    granted = await world.open_session()
    await world.administration.disable(ALICE.subject)
    await world.administration.enable(ALICE.subject)
    assert world.audit.events[-1] == UserEnabled(at=NOW, subject=ALICE.subject)
    assert await sign_in(world)
    with pytest.raises(InvalidGrant):
        await world.refresh(granted.refresh_token)


async def test_a_session_of_an_older_credential_version_cannot_be_refreshed(world: World) -> None:
    """A session that was not revoked cannot be refreshed and is not listed."""
    granted = await world.open_session()
    await world.users.set_disabled(ALICE.subject, disabled=True)
    await world.users.set_disabled(ALICE.subject, disabled=False)
    assert await world.subject_sessions.list_sessions(ALICE.subject, limit=9) == SessionPage([], None)
    with pytest.raises(InvalidGrant):
        await world.refresh(granted.refresh_token)


async def test_setting_a_password_revokes_all_sessions(world: World) -> None:
    """The old password is refused, the new one is accepted, and every session is revoked."""
    granted = await world.open_session()
    await world.administration.set_password(ALICE.subject, NEW_PASSWORD, by=ADMIN)
    assert (await world.stored(granted.refresh_token)).revoked_because is RevocationReason.PASSWORD_CHANGED
    assert PasswordChanged(at=NOW, subject=ALICE.subject, by=ADMIN) in world.audit.events
    with pytest.raises(InvalidCredentials):
        await sign_in(world)
    assert await sign_in(world, NEW_PASSWORD)


@pytest.mark.parametrize("password", ["short", "password1", "alice"])
async def test_a_refused_password_changes_nothing(world: World, password: str) -> None:
    """A password that the policy refuses is not hashed, and no session is revoked."""
    granted = await world.open_session()
    with pytest.raises(InvalidRequest):
        await world.administration.set_password(ALICE.subject, password)
    assert world.hasher.hashes == 0
    assert await world.refresh(granted.refresh_token)


async def test_an_unknown_user_is_not_found(world: World) -> None:
    """An unknown id raises ``UserNotFound``, and nothing is recorded."""
    nobody = Subject("nobody")
    for act in (
        world.administration.disable(nobody),
        world.administration.enable(nobody),
        world.administration.set_password(nobody, NEW_PASSWORD),
    ):
        with pytest.raises(UserNotFound):
            await act
    assert world.audit.events == []
