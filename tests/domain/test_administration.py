"""Administration of users."""

from collections.abc import Awaitable, Callable

import pytest

from app.domain.audit.events import (
    PasswordChanged,
    ScopeChanged,
    SessionWasRevoked,
    UserDeleted,
    UserDisabled,
    UserEnabled,
)
from app.domain.errors import InvalidRequest, StoreUnavailable
from app.domain.identifiers import FIRST_PARTY, Subject
from app.domain.login.authentication import LoginResult
from app.domain.login.errors import InvalidCredentials, UserNotFound
from app.domain.scope import Scope
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.session import RevocationReason
from app.domain.sessions.subject_sessions import SessionPage
from app.domain.tokens.errors import SessionRevoked
from app.testing.builders import ALICE, PASSWORD
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import REQUESTER, World

ADMIN = Subject("admin-subject")
NEW_PASSWORD = "staple battery"  # noqa: S105  # a test's


async def sign_in(world: World, password: str = PASSWORD) -> LoginResult:
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


async def test_setting_a_scope_revokes_all_sessions(world: World) -> None:
    """No session keeps the scope of before, and the next sign-in grants the new one."""
    granted = await world.open_session()
    user = await world.administration.set_scope(ALICE.subject, Scope.parse("orders:read"), by=ADMIN)
    assert (user.scope.text, user.credential_version) == ("orders:read", ALICE.credential_version + 1)
    assert (await world.stored(granted.refresh_token)).revoked_because is RevocationReason.SCOPE_CHANGED
    assert ScopeChanged(at=NOW, subject=ALICE.subject, by=ADMIN, scope="orders:read") in world.audit.events
    with pytest.raises(SessionRevoked):
        world.validation.validate(granted.access_token)
    assert (await sign_in(world)).tokens.scope.text == "orders:read"


async def test_deleting_a_user_revokes_their_sessions(world: World) -> None:
    """Every session has the reason, its access token is refused, and the user is gone. Events about them are kept."""
    opened = [await world.open_session() for _ in range(2)]
    deleted = await world.administration.delete(ALICE.subject, by=ADMIN)
    assert deleted.subject == ALICE.subject
    for granted in opened:
        assert (await world.stored(granted.refresh_token)).revoked_because is RevocationReason.USER_DELETED
        with pytest.raises(SessionRevoked):
            world.validation.validate(granted.access_token)
        with pytest.raises(InvalidGrant):
            await world.refresh(granted.refresh_token)
    with pytest.raises(InvalidCredentials):
        await sign_in(world)
    assert world.audit.events[2] == UserDeleted(at=NOW, subject=ALICE.subject, by=ADMIN)
    with pytest.raises(UserNotFound):
        await world.administration.delete(ALICE.subject)


async def test_a_deletion_that_fails_can_be_repeated(world: World) -> None:
    """If the sessions cannot be revoked, the user is still there, and cannot sign in."""
    granted = await world.open_session()
    world.sessions.once("before revoke", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.administration.delete(ALICE.subject)
    with pytest.raises(InvalidCredentials):
        await sign_in(world)
    await world.administration.delete(ALICE.subject)
    assert (await world.stored(granted.refresh_token)).revoked_because is RevocationReason.USER_DELETED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda world: world.administration.delete(ALICE.subject), RevocationReason.USER_DELETED),
        (lambda world: world.administration.set_scope(ALICE.subject, Scope()), RevocationReason.SCOPE_CHANGED),
        (lambda world: world.administration.disable(ALICE.subject), RevocationReason.USER_DISABLED),
        (
            lambda world: world.administration.set_password(ALICE.subject, NEW_PASSWORD),
            RevocationReason.PASSWORD_CHANGED,
        ),
    ],
)
async def test_a_change_during_a_sign_in_ends_its_session(
    world: World, change: Callable[[World], Awaitable[object]], reason: RevocationReason
) -> None:
    """A sign-in that read the user before the change is refused, and its session ends for that reason."""
    world.users.once("after find_by_username", lambda: change(world))
    with pytest.raises(InvalidCredentials):
        await sign_in(world)
    [ended] = [each for each in world.audit.events if isinstance(each, SessionWasRevoked)]
    assert ended.reason == reason


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
        world.administration.set_scope(nobody, Scope()),
        world.administration.delete(nobody),
    ):
        with pytest.raises(UserNotFound):
            await act
    assert world.audit.events == []
