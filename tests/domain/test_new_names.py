"""The rule for new usernames and client ids, and names that older versions accepted."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import identifiers
from app.domain.clients.client import client_id_fault
from app.domain.errors import AlreadyExists, InvalidRequest
from app.domain.identifiers import FIRST_PARTY, Subject, name_fault
from app.domain.login.credentials import comparable
from app.domain.scope import Scope
from app.testing.builders import ALICE, PASSWORD
from app.testing.world import REQUESTER, World

SCOPE = Scope.parse("account")
REFUSED = {
    ".": "must not be . or .., which paths take for folders; choose another",
    "..": "must not be . or .., which paths take for folders; choose another",
    " ": "must not have U+0020 (SPACE) at position 1; remove spaces at the beginning and the end",
    " bob": "must not have U+0020 (SPACE) at position 1; remove spaces at the beginning and the end",
    "bob  ": "must not have U+0020 (SPACE) at position 5; remove spaces at the beginning and the end",
    "bob\n": "must not have U+000A at position 4, a control character; leave it out",
    "b\rob": "must not have U+000D at position 2, a control character; leave it out",
    "\tbob": "must not have U+0009 at position 1, a control character; leave it out",
    "b\0ob": "must not have U+0000 at position 2, a control character; leave it out",
    "bo\x85b": "must not have U+0085 at position 3, a control character; leave it out",
    "bob\x7f": "must not have U+007F at position 4, a control character; leave it out",
    "bo\u2028b": "must not have U+2028 (LINE SEPARATOR) at position 3, a line separator; leave it out",
    "bo\u2029b": "must not have U+2029 (PARAGRAPH SEPARATOR) at position 3, a paragraph separator; leave it out",
    "b\u00adob": "must not have U+00AD (SOFT HYPHEN) at position 2, an invisible format character; leave it out",
    "bob\u200b": "must not have U+200B (ZERO WIDTH SPACE) at position 4, an invisible format character; leave it out",
    "\ufeffbob": "must not have U+FEFF (ZERO WIDTH NO-BREAK SPACE) at position 1, an invisible format character;"
    " leave it out",
    "bo\u202eb": "must not have U+202E (RIGHT-TO-LEFT OVERRIDE) at position 3, an invisible format character;"
    " leave it out",
    "bob\U000e0041": "must not have U+E0041 (TAG LATIN CAPITAL LETTER A) at position 4, an invisible format character;"
    " leave it out",
    "b\u00a0ob": "must not have U+00A0 (NO-BREAK SPACE) at position 2, a space other than U+0020; use an ordinary"
    " space",
    "bob\u3000": "must not have U+3000 (IDEOGRAPHIC SPACE) at position 4, a space other than U+0020; use an ordinary"
    " space",
    "bob\u3164": "must not have U+3164 (HANGUL FILLER) at position 4, an invisible character; leave it out",
    "bob\ufe0f": "must not have U+FE0F (VARIATION SELECTOR-16) at position 4, an invisible character; leave it out",
    "bo\u0378": "must not have U+0378 at position 3, not a character of this version of Unicode; use another",
    "bo\uffff": "must not have U+FFFF at position 3, not a character of this version of Unicode; use another",
    "bo\ue000": "must not have U+E000 at position 3, a character for private use; use another",
    "bo\ud800": "must not have U+D800 at position 3, half of a surrogate pair; send text in UTF-8",
}
ACCEPTED = [
    "bob",
    "Bob the builder",
    "bob@example.org",
    "...",
    ".bob",
    "-bob",
    "o'neil",
    "b\u00f6b",
    "\u0939\u093f\u0928\u094d\u0926\u0940",
    "\u5ba2\u6237",
    "\u0639\u0644\u064a",
    "\U0001f98a",
]
OLD = [name for name in REFUSED if "\ud800" not in name]


@pytest.mark.parametrize(("name", "message"), REFUSED.items(), ids=map(ascii, REFUSED))
async def test_a_new_username_is_judged_on_every_way_in(world: World, name: str, message: str) -> None:
    """Creating and importing refuse it alike. The message names the character, its place and what to change."""
    for refused in (
        world.accounts.create(name, PASSWORD, scope=SCOPE),
        world.accounts.import_user(name, f"old:{PASSWORD}", scope=SCOPE),
    ):
        with pytest.raises(InvalidRequest) as refusal:
            await refused
        assert [(each.field, each.message) for each in refusal.value.errors] == [("username", message)]
    assert message.isascii()
    assert list(world.users.stored.values()) == [ALICE]


@pytest.mark.parametrize(("name", "message"), REFUSED.items(), ids=map(ascii, REFUSED))
def test_a_new_client_id_is_judged_by_the_same_rule(name: str, message: str) -> None:
    """The same names are refused with the same message."""
    assert client_id_fault(name) == message


@pytest.mark.parametrize(
    ("client_id", "message"),
    [
        ("", "must have 1 to 100 characters"),
        ("a" * 101, "must have 1 to 100 characters"),
        ("a b", "must not have U+0020 (SPACE) at position 2; use letters, digits and . _ ~ -"),
        ("a/b", "must not have U+002F (SOLIDUS) at position 2; use letters, digits and . _ ~ -"),
        (
            "caf\u00e9",
            "must not have U+00E9 (LATIN SMALL LETTER E WITH ACUTE) at position 4; use letters, digits and . _ ~ -",
        ),
        (
            "a" * 22,
            "must not be 22 letters, digits, _ and -, as in the id of a user; make it longer or shorter",
        ),
        ("a" * 100, None),
        ("-._~", None),
        ("...", None),
    ],
)
def test_a_new_client_id_has_few_characters(client_id: str, message: str | None) -> None:
    """The first character that is not allowed is named."""
    assert client_id_fault(client_id) == message


@pytest.mark.parametrize("name", ACCEPTED)
async def test_other_names_are_accepted(world: World, name: str) -> None:
    """Letters of any script, signs, inner spaces and emoji are accepted."""
    assert (await world.accounts.create(name, PASSWORD, scope=SCOPE)).username == name


async def test_positions_count_composed_characters(world: World) -> None:
    """The position is that of the character in the form NFC, which is how people count letters."""
    with pytest.raises(InvalidRequest) as refusal:
        await world.accounts.create("cafe\u0301\n", PASSWORD, scope=SCOPE)
    assert "position 5," in refusal.value.errors[0].message


@pytest.mark.parametrize("name", OLD, ids=map(ascii, OLD))
async def test_an_old_name_keeps_working(world: World, name: str) -> None:
    """Its user signs in, is found, disabled and listed. Creating or importing it again finds it taken, as before."""
    old = replace(ALICE, subject=Subject("old-subject"), username=name)
    await world.users.add(old)
    assert await world.authentication.sign_in(
        name, PASSWORD, client_id=FIRST_PARTY, requested_scope=None, requester=REQUESTER
    )
    assert await world.accounts.find_by_username(name) == old
    assert old in await world.accounts.list_users(after="", limit=5)
    with pytest.raises(AlreadyExists):
        await world.accounts.create(name, PASSWORD, scope=SCOPE)
    with pytest.raises(AlreadyExists):
        await world.accounts.import_user(name, f"old:{PASSWORD}", scope=SCOPE)
    assert (await world.administration.disable(old.subject)).disabled


@given(st.characters() | st.sampled_from([each for name in REFUSED for each in name]))
def test_a_character_is_refused_at_every_place_or_at_none(character: str) -> None:
    """Only the ordinary space and the dot may stand inside a name, and not everywhere alone."""
    inside = name_fault(f"a{character}b") is not None
    for name in (f"{character}ab", f"ab{character}"):
        assert (name_fault(name) is not None) == (inside or character == " ")


@pytest.mark.parametrize(
    "other", ["Alice", "ALICE", " alice ", "ali\u200bce", "\uff41lice", "al\u00adice", "a lice", "alice\ufe0f"]
)
def test_names_that_people_confuse_are_comparable(other: str) -> None:
    """Case, width, spaces and invisible characters make no difference."""
    assert comparable(other) == comparable("alice")


@pytest.mark.parametrize("other", ["alic", "\u0430lice", "alic\u00e9", "alice2"])
def test_other_names_are_not_comparable(other: str) -> None:
    """Other letters make a difference, also similar ones of another script."""
    assert comparable(other) != comparable("alice")


async def test_similar_names_are_found_on_every_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search reads all users, page by page, and stops at the limit."""
    monkeypatch.setattr("app.domain.login.accounts._PAGE", 2)
    for name in ("ALICE", "Alice", "bob", "carol", "zed"):
        await world.accounts.create(name, PASSWORD, scope=SCOPE)
    assert await world.accounts.find_similar("aLICE", limit=3) == ["ALICE", "Alice", "alice"]
    assert await world.accounts.find_similar("aLICE", limit=2) == ["ALICE", "Alice"]
    assert await world.accounts.find_similar("Zed ", limit=2) == ["zed"]
    assert await world.accounts.find_similar("nobody", limit=2) == []


@given(st.text(st.characters(max_codepoint=300), max_size=4))
def test_names_of_ascii_are_judged_like_others(name: str) -> None:
    """The short way for most names finds what the long way finds, which judges each character."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identifiers, "_IS_PLAIN_NAME", lambda _: None)
        expected = name_fault(name)
    assert name_fault(name) == expected
