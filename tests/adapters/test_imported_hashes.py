"""Hashes that another program made."""

from collections.abc import Iterator
from unicodedata import normalize

import bcrypt
import pytest

from app.adapters.passwords import argon2
from app.adapters.passwords.argon2 import Argon2Cost, Argon2PasswordHasher

PASSWORD = "correct horse"  # noqa: S105  # a test's
ARGON2 = "$argon2id$v=19$m={},t={},p={}$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43


@pytest.fixture
def hasher() -> Iterator[Argon2PasswordHasher]:
    """Return a hasher with the lowest possible cost."""
    hasher = Argon2PasswordHasher(cost=Argon2Cost(memory=8, iterations=1), threads=1, queue=8)
    yield hasher
    hasher.close()


def _bcrypt(password: str, prefix: bytes = b"2b") -> str:
    hashed = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4))
    return hashed.replace(b"$2b$", b"$" + prefix + b"$").decode()


@pytest.mark.parametrize("prefix", [b"2a", b"2b", b"2y"])
async def test_bcrypt_is_verified(hasher: Argon2PasswordHasher, prefix: bytes) -> None:
    """A bcrypt hash with any of its prefixes is verified. It is outdated, and another password does not match."""
    hashed = _bcrypt(PASSWORD, prefix)
    assert hasher.can_verify(hashed)
    assert await hasher.verify((PASSWORD,), hashed) is not None
    assert await hasher.verify((f"{PASSWORD}!",), hashed) is None
    assert hasher.is_outdated(hashed)


async def test_bcrypt_uses_72_bytes(hasher: Argon2PasswordHasher) -> None:
    """A long password of an imported user is verified by its first 72 bytes. Our own hashes use the whole password."""
    long = "x" * 100
    assert await hasher.verify((long,), _bcrypt(long)) is not None
    assert await hasher.verify((f"{long}y",), await hasher.hash(long)) is None


@pytest.mark.parametrize("letters", ["e\u0301" * 100, "\u0958" * 100, "\u2126" * 100])
async def test_bcrypt_uses_72_bytes_of_the_text_as_sent(hasher: Argon2PasswordHasher, letters: str) -> None:
    """A long password that is not in the form NFC is cut after 72 of its own bytes, even within a character."""
    composed = normalize("NFC", letters)
    hashed = _bcrypt(letters)
    assert await hasher.verify((composed, letters), hashed) == letters
    assert await hasher.verify((composed, letters[:-1]), hashed) == letters[:-1]
    assert await hasher.verify((composed, f"!{letters}"), hashed) is None


async def test_every_form_is_verified(hasher: Argon2PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first matching form is returned, and the number of verifications depends on the number of forms alone."""
    verified: list[bytes] = []
    matches = argon2._matches

    def counting(password: bytes, hashed: str) -> bool:
        verified.append(password)
        return matches(password, hashed)

    monkeypatch.setattr(argon2, "_matches", counting)
    hashes = {"one": await hasher.hash("one"), "two": _bcrypt("two"), None: await hasher.hash("three")}
    for matching, hashed in hashes.items():
        assert await hasher.verify(("one", "two"), hashed) == matching
        assert verified == [b"one", b"two"]
        verified.clear()
    await hasher.verify_dummy(("one", "two"))
    assert verified == [b"one", b"two"]


@pytest.mark.parametrize(
    "hashed",
    [
        "",
        PASSWORD,
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$2b$31$" + "a" * 53,
        "$2b$15$" + "a" * 53,
        "$2x$10$" + "a" * 53,
        "$2b$10$" + "a" * 52,
        "$2b$10$" + "a" * 53 + "\n",
        ARGON2.format(1_048_576, 2, 1),
        ARGON2.format(19_456, 100, 1),
        ARGON2.format(19_456, 2, 4),
        ARGON2.format(19_456, 2, 1).replace("argon2id", "argon2i"),
    ],
)
def test_expensive_and_unreadable_hashes_are_refused(hasher: Argon2PasswordHasher, hashed: str) -> None:
    """A hash whose cost is not limited could let one sign-in occupy the machine."""
    assert not hasher.can_verify(hashed)


def test_argon2_of_another_cost_is_accepted(hasher: Argon2PasswordHasher) -> None:
    """An Argon2id hash of another cost within the limits is accepted."""
    assert hasher.can_verify(ARGON2.format(65_536, 3, 1))
