"""Authentication: signing in by username and password."""

from dataclasses import replace

import pytest

from app.domain.audit.events import LoginFailed, LoginSucceeded
from app.domain.identifiers import FIRST_PARTY, Subject
from app.domain.login.errors import HashingOverloaded, InvalidCredentials
from app.domain.login.user import User
from app.domain.scope import InvalidScope, Scope
from app.domain.sessions.issuing import IssuedTokens
from app.testing.builders import ALICE, PASSWORD
from app.testing.system import NOW
from app.testing.world import REQUESTER, World

DISABLED = replace(ALICE, subject=Subject("bob-subject"), username="bob", disabled=True)
OUTDATED = replace(ALICE, subject=Subject("carol-subject"), username="carol", password_hash=f"old:{PASSWORD}")
CHANGED = "plain:another password"


@pytest.fixture
async def world() -> World:
    """Return a world with Alice, with Bob, who is disabled, and with Carol, whose hash is outdated."""
    world = await World.create()
    await world.users.add(DISABLED)
    await world.users.add(OUTDATED)
    return world


async def sign_in(
    world: World, username: str, password: str = PASSWORD, requested_scope: str | None = None
) -> IssuedTokens:
    """Sign in through the first-party client."""
    signed_in = await world.authentication.sign_in(
        username, password, client_id=FIRST_PARTY, requested_scope=requested_scope, requester=REQUESTER
    )
    return signed_in.tokens


async def test_the_right_password_opens_a_session(world: World) -> None:
    """Username and password give the tokens of a new session of that user, for one verification."""
    granted = await sign_in(world, "alice")
    assert (await world.stored(granted.refresh_token)).subject == ALICE.subject
    assert world.claims(granted).subject == ALICE.subject
    assert (world.hasher.verifications, world.hasher.hashes) == (1, 0)
    assert world.audit.kinds() == [LoginSucceeded]


@pytest.mark.parametrize(
    ("username", "password", "reason", "user"),
    [
        pytest.param("nobody", PASSWORD, "unknown_user", None, id="unknown user"),
        pytest.param("nobody", "", "unknown_user", None, id="unknown user, empty password"),
        pytest.param("Alice", PASSWORD, "unknown_user", None, id="username in other letters"),
        pytest.param("alice", "wrong", "wrong_password", ALICE, id="wrong password"),
        pytest.param("alice", "", "wrong_password", ALICE, id="empty password"),
        pytest.param("bob", PASSWORD, "disabled_user", DISABLED, id="disabled user"),
        pytest.param("bob", "wrong", "wrong_password", DISABLED, id="disabled user, wrong password"),
        pytest.param("carol", "wrong", "wrong_password", OUTDATED, id="outdated hash, wrong password"),
    ],
)
async def test_all_refusals_look_the_same(
    world: World, username: str, password: str, reason: str, user: User | None
) -> None:
    """Each refusal costs one verification and no hash, and has the same answer; only the audit event has the reason."""
    with pytest.raises(InvalidCredentials) as refusal:
        await sign_in(world, username, password)
    assert refusal.type is InvalidCredentials
    assert refusal.value.description == InvalidCredentials.description
    assert (world.hasher.verifications, world.hasher.hashes) == (1, 0)
    assert world.sessions.writes == []
    subject = None if user is None else user.subject
    assert world.audit.events == [LoginFailed(at=NOW, reason=reason, subject=subject, address=REQUESTER.address)]


async def test_the_scope_is_checked_after_the_password(world: World) -> None:
    """Too much scope is refused only if the password is right, and is not a failed sign-in."""
    with pytest.raises(InvalidCredentials):
        await sign_in(world, "alice", "wrong", "keyturn:admin")
    world.audit.events.clear()
    with pytest.raises(InvalidScope):
        await sign_in(world, "alice", requested_scope="keyturn:admin")
    assert world.audit.events == []
    assert (await sign_in(world, "alice", requested_scope="account")).scope == Scope.parse("account")


async def test_an_outdated_hash_is_renewed(world: World) -> None:
    """A sign-in renews the hash once. The credential version stays, so sessions go on."""
    earlier = await world.open_session(OUTDATED)
    await sign_in(world, "carol")
    carol = await world.users.find(OUTDATED.subject)
    assert carol == replace(OUTDATED, password_hash=f"plain:{PASSWORD}")
    await sign_in(world, "carol")
    assert world.hasher.hashes == 1
    assert await world.refresh(earlier.refresh_token)


async def test_an_outdated_hash_is_not_renewed_under_overload(world: World) -> None:
    """The sign-in succeeds, and the hash stays as it is."""
    world.hasher.overloaded = True
    assert await sign_in(world, "carol")
    assert await world.users.find(OUTDATED.subject) == OUTDATED


async def test_renewing_a_hash_does_not_undo_a_password_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that is changed while the old one is hashed again stays changed."""
    renew = world.hasher.hash

    async def change_meanwhile(password: str) -> str:
        await world.users.replace_password_hash(OUTDATED.subject, expected=OUTDATED.password_hash, new=CHANGED)
        return await renew(password)

    monkeypatch.setattr(world.hasher, "hash", change_meanwhile)
    await sign_in(world, "carol")
    assert await world.users.find(OUTDATED.subject) == replace(OUTDATED, password_hash=CHANGED)


@pytest.mark.parametrize(("username", "method"), [("alice", "verify"), ("nobody", "verify_dummy")])
async def test_overload_is_not_a_failed_sign_in(
    world: World, monkeypatch: pytest.MonkeyPatch, username: str, method: str
) -> None:
    """Overload is reported in the same way for known and unknown users, and not recorded."""

    async def overload(*_: object, **__: object) -> bool:
        raise HashingOverloaded

    monkeypatch.setattr(world.hasher, method, overload)
    with pytest.raises(HashingOverloaded):
        await sign_in(world, username)
    assert world.audit.events == []
