"""Usernames and passwords: their normal form, and the rules for new ones."""

import pytest

from app.domain.errors import AlreadyExists, InvalidRequest
from app.domain.identifiers import FIRST_PARTY
from app.domain.scope import Scope
from app.testing.world import REQUESTER, World

SCOPE = Scope.parse("account")
COMPOSED, DECOMPOSED = "caf\u00e9 au lait", "cafe\u0301 au lait"


async def test_unicode_forms_are_equal(world: World) -> None:
    """A name or password is the same whether an accent is typed as one character or as two."""
    await world.accounts.create(DECOMPOSED, f"{COMPOSED}!", scope=SCOPE)
    assert await world.authentication.sign_in(
        COMPOSED, f"{DECOMPOSED}!", client_id=FIRST_PARTY, requested_scope=None, requester=REQUESTER
    )
    with pytest.raises(AlreadyExists):
        await world.accounts.create(COMPOSED, "another one", scope=SCOPE)


async def test_the_length_is_that_of_the_normal_form(world: World) -> None:
    """Eight letters with eight accents are eight characters, and four are four."""
    await world.accounts.create("bob", "e\u0301" * 8, scope=SCOPE)
    with pytest.raises(InvalidRequest):
        await world.accounts.create("carol", "e\u0301" * 4, scope=SCOPE)


@pytest.mark.parametrize("password", ["password1", "PassWord1", "ILOVEYOU!"])
async def test_common_passwords_are_refused(world: World, password: str) -> None:
    """Upper and lower case make no difference, and the message says what to do."""
    with pytest.raises(InvalidRequest) as refusal:
        await world.accounts.create("bob", password, scope=SCOPE)
    assert refusal.value.errors[0].message == "is one of the passwords that everybody tries first; choose another"


async def test_there_are_no_rules_of_composition(world: World) -> None:
    """A password needs no digit, no capital and no sign."""
    for number, password in enumerate(("aaaaaaab", "        x", "only small letters", "12345678x", "🦊" * 8)):
        assert await world.accounts.create(f"user-{number}", password, scope=SCOPE)


async def test_the_password_of_an_imported_user_is_hashed_again(world: World) -> None:
    """The imported hash is accepted whatever the password policy says, and replaced at the first sign-in."""
    user = await world.accounts.import_user("bob", "old:short", scope=SCOPE)
    assert await world.authentication.sign_in(
        "bob", "short", client_id=FIRST_PARTY, requested_scope=None, requester=REQUESTER
    )
    stored = await world.users.find(user.subject)
    assert stored is not None
    assert stored.password_hash == "plain:short"  # noqa: S105  # the fake hasher's form


async def test_a_hash_that_cannot_be_verified_is_not_imported(world: World) -> None:
    """Its user could never sign in."""
    with pytest.raises(InvalidRequest):
        await world.accounts.import_user("bob", "5f4dcc3b5aa765d61d8327deb882cf99", scope=SCOPE)
    assert await world.users.find_by_username("bob") is None
