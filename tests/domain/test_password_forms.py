"""Passwords in other Unicode forms than NFC: those of imported users, and those that some keyboards type."""

from dataclasses import replace

import pytest

from app.domain.errors import InvalidRequest
from app.domain.identifiers import FIRST_PARTY, SessionId, Subject
from app.domain.login.credentials import normalized, password_forms
from app.domain.login.errors import InvalidCredentials, WrongCurrentPassword
from app.domain.login.user import User
from app.domain.scope import Scope
from app.testing.builders import ALICE
from app.testing.world import REQUESTER, World

SCOPE = Scope.parse("account")
NOT_COMPOSED = {
    "accents as two characters": "cafe\u0301 au lait",
    "a Devanagari letter that NFC takes apart": "\u0958\u0932\u092e aur \u0915\u093e\u0917\u091c",
    "the sign for ohm": "10 k\u2126 resistor",
    "the sign for angstrom": "5 \u212b apart",
    "Hangul in parts": "\u1112\u1161\u11ab\u1100\u1173\u11af \u1112\u1161\u11ab\u1100\u1173\u11af 2026",
}
AS_SENT = pytest.mark.parametrize("sent", NOT_COMPOSED.values(), ids=NOT_COMPOSED)
IMPORTED = pytest.mark.parametrize("kind", ["old", "plain"], ids=["of another cost", "of our own cost"])


async def sign_in(world: World, username: str, password: str) -> None:
    """Sign in through the first-party client."""
    await world.authentication.sign_in(
        username, password, client_id=FIRST_PARTY, requested_scope=None, requester=REQUESTER
    )


async def stored_hash(world: World, user: User) -> str:
    """Return the user's stored hash."""
    stored = await world.users.find(user.subject)
    assert stored is not None
    return stored.password_hash


@AS_SENT
@IMPORTED
async def test_an_imported_hash_of_the_text_as_sent_is_accepted(world: World, sent: str, kind: str) -> None:
    """The first sign-in stores a hash of the form NFC. From then on, every form of the password is accepted."""
    user = await world.accounts.import_user("bob", f"{kind}:{sent}", scope=SCOPE)
    await sign_in(world, "bob", sent)
    assert await stored_hash(world, user) == f"plain:{normalized(sent)}"
    await sign_in(world, "bob", normalized(sent))
    await sign_in(world, "bob", sent)
    assert world.hasher.hashes == 1


@AS_SENT
async def test_an_imported_hash_of_the_composed_form_is_accepted(world: World, sent: str) -> None:
    """An old system that hashed NFC itself is served, too, whatever the keyboard sends."""
    user = await world.accounts.import_user("bob", f"old:{normalized(sent)}", scope=SCOPE)
    await sign_in(world, "bob", sent)
    assert await stored_hash(world, user) == f"plain:{normalized(sent)}"


@AS_SENT
async def test_a_password_set_as_nfc_is_accepted_in_another_form(world: World, sent: str) -> None:
    """The stored hash is of NFC, whichever form was set or is sent, and it is not made again."""
    await world.accounts.create("bob", sent, scope=SCOPE)
    await world.accounts.create("carol", normalized(sent), scope=SCOPE)
    for username in ("bob", "carol"):
        await sign_in(world, username, sent)
        await sign_in(world, username, normalized(sent))
    assert world.hasher.hashes == 2


@AS_SENT
async def test_an_administrator_sets_the_composed_form(world: World, sent: str) -> None:
    """A password that an administrator sets is stored as NFC, also for a user who was imported."""
    user = await world.accounts.import_user("bob", f"old:{sent}", scope=SCOPE)
    await world.administration.set_password(user.subject, sent)
    assert await stored_hash(world, user) == f"plain:{normalized(sent)}"


@AS_SENT
async def test_the_current_password_is_accepted_as_sent(world: World, sent: str) -> None:
    """An imported user who has not signed in since can be confirmed; a wrong password in such a form is refused."""
    user = await world.accounts.import_user("bob", f"plain:{sent}", scope=SCOPE)
    await world.authentication.confirm(user, sent, session_id=SessionId(b"s" * 16), requester=REQUESTER)
    with pytest.raises(WrongCurrentPassword):
        await world.authentication.confirm(user, f"{sent}!", session_id=SessionId(b"s" * 16), requester=REQUESTER)
    assert world.hasher.verifications == 4


@pytest.mark.parametrize(("password", "forms"), [("wrong caf\u00e9", 1), ("wrong cafe\u0301", 2), ("", 1)])
@pytest.mark.parametrize("username", ["nobody", "alice", "disabled", "imported", "renewed"])
async def test_a_refusal_costs_the_same_for_everybody(world: World, username: str, password: str, forms: int) -> None:
    """The number of verified forms depends on the sent text, not on the user, and nothing is hashed."""
    others = {"disabled": f"plain:{password}", "imported": "old:imported", "renewed": "plain:renewed"}
    for name, hashed in others.items():
        subject = Subject(f"{name}-subject")
        user = replace(ALICE, subject=subject, username=name, password_hash=hashed, disabled=name == "disabled")
        await world.users.add(user)
    with pytest.raises(InvalidCredentials):
        await sign_in(world, username, password)
    assert (world.hasher.verifications, world.hasher.hashes) == (forms, 0)
    assert len(world.hasher.known_users) == 1


async def test_the_place_of_the_match_does_not_change_the_cost(world: World) -> None:
    """A sign-in verifies both forms, also where the first one matches."""
    await world.accounts.create("bob", "cafe\u0301 au lait", scope=SCOPE)
    await sign_in(world, "bob", "cafe\u0301 au lait")
    assert world.hasher.verifications == 2


async def test_the_text_as_sent_never_matches_a_hash_of_our_own() -> None:
    """The second form is never NFC, and hashes of our own are hashes of NFC."""
    for sent in NOT_COMPOSED.values():
        composed, other = password_forms(sent)
        assert (composed, other) == (normalized(sent), sent)
        assert normalized(other) != other
        assert password_forms(composed) == (composed,)


async def test_the_policy_counts_the_composed_form(world: World) -> None:
    """128 letters with accents are 128 characters however they are typed, and 65 nukta letters are 130."""
    await world.accounts.create("bob", "e\u0301" * 128, scope=SCOPE)
    with pytest.raises(InvalidRequest):
        await world.accounts.create("carol", "\u0958" * 65, scope=SCOPE)
