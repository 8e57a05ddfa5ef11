"""Accounts: creating and listing users."""

import pytest

from app.domain import base64url
from app.domain.errors import AlreadyExists, InvalidRequest
from app.domain.identifiers import FIRST_PARTY
from app.domain.login.errors import HashingOverloaded
from app.domain.scope import Scope
from app.testing.builders import ALICE
from app.testing.world import REQUESTER, World

SCOPE = Scope.parse("account")


async def test_a_new_user_is_stored_and_can_sign_in(world: World) -> None:
    """The user has the given name and scope, a hashed password, and is enabled."""
    user = await world.accounts.create("bob", "a password", scope=SCOPE)
    assert await world.users.find_by_username("bob") == await world.users.find(user.subject) == user
    assert (user.username, user.scope, user.password_hash, user.disabled) == ("bob", SCOPE, "plain:a password", False)
    signed_in = await world.authentication.sign_in(
        "bob", "a password", client_id=FIRST_PARTY, requested_scope=None, requester=REQUESTER
    )
    assert world.claims(signed_in.tokens).subject == user.subject


async def test_a_user_id_is_random(world: World) -> None:
    """A user's id is 16 random bytes as text, and no two are equal."""
    users = [await world.accounts.create(name, "a password", scope=SCOPE) for name in ("bob", "carol")]
    assert all(len(base64url.decode(user.subject)) == 16 for user in users)
    assert users[0].subject != users[1].subject


@pytest.mark.parametrize(
    ("username", "password"), [("b", "p" * 8), ("b" * 255, "p" * 128), ("ü" * 255, "\U0001f511" * 128)]
)
async def test_the_longest_and_shortest_values_are_accepted(world: World, username: str, password: str) -> None:
    """A name may have 1 to 255 characters and a password 8 to 128."""
    user = await world.accounts.create(username, password, scope=SCOPE)
    assert (user.username, user.password_hash) == (username, f"plain:{password}")


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("", "a password", "username"),
        ("b" * 256, "a password", "username"),
        ("b\0", "a password", "username"),
        ("b\x1b[31m", "a password", "username"),
        ("b\ud800", "a password", "username"),
        ("b", "", "password"),
        ("b", "p" * 7, "password"),
        ("b", "p" * 129, "password"),
        ("b", "p" * 8 + "\udfff", "password"),
        ("b", "Password1", "password"),
        ("Bob the builder", "bob the Builder", "password"),
    ],
)
async def test_an_invalid_name_or_password_is_refused(world: World, username: str, password: str, field: str) -> None:
    """The error names the field. Nothing is hashed, and no user is stored."""
    with pytest.raises(InvalidRequest) as refusal:
        await world.accounts.create(username, password, scope=SCOPE)
    assert [each.field for each in refusal.value.errors] == [field]
    assert world.hasher.hashes == 0
    assert await world.users.find_by_username(username) is None


async def test_a_name_is_unique(world: World) -> None:
    """A name that is taken is refused, and its user stays unchanged."""
    with pytest.raises(AlreadyExists):
        await world.accounts.create(ALICE.username, "another one", scope=SCOPE)
    assert await world.users.find_by_username(ALICE.username) == ALICE


async def test_no_user_is_created_under_overload(world: World) -> None:
    """If the password cannot be hashed now, no user is stored."""
    world.hasher.overloaded = True
    with pytest.raises(HashingOverloaded):
        await world.accounts.create("bob", "a password", scope=SCOPE)
    assert await world.users.find_by_username("bob") is None


async def test_a_taken_name_costs_no_hash(world: World) -> None:
    """Creating the same user again hashes no password."""
    await world.accounts.create("bob", "a password", scope=SCOPE)
    with pytest.raises(AlreadyExists):
        await world.accounts.create("bob", "a password", scope=SCOPE)
    assert world.hasher.hashes == 1


async def test_users_are_listed_in_pages(world: World) -> None:
    """A page starts after a name, and has at most ``limit`` users."""
    made = [await world.accounts.create(name, "a password", scope=SCOPE) for name in ("dora", "bob", "carol")]
    after_alice = await world.accounts.list_users(after="alice", limit=2)
    assert list(after_alice) == [made[1], made[2]]
    assert list(await world.accounts.list_users(after="carol", limit=2)) == [made[0]]
