"""Password hashes of Argon2id (RFC 9106)."""

from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2d, Argon2id

from app.adapters.passwords import argon2
from app.adapters.passwords.argon2 import Argon2Cost, Argon2PasswordHasher

_CHEAPEST = Argon2Cost(memory=8, iterations=1)
_SALT = "MDEyMzQ1Njc4OWFiY2RlZg"
_DIGEST = "A" * 43
_Make = Callable[[Argon2Cost], Argon2PasswordHasher]


@pytest.fixture
def make() -> Iterator[_Make]:
    """Return a function that makes a hasher with a cost. All hashers are closed after the test."""
    hashers = []

    def make(cost: Argon2Cost) -> Argon2PasswordHasher:
        hashers.append(Argon2PasswordHasher(cost=cost, threads=2, queue=8))
        return hashers[-1]

    yield make
    for hasher in hashers:
        hasher.close()


@pytest.fixture
def hasher(make: _Make) -> Argon2PasswordHasher:
    """Return a hasher with the lowest possible cost."""
    return make(_CHEAPEST)


def _phc(password: bytes, *, memory: int = 8, iterations: int = 1, lanes: int = 1) -> str:
    """Return a hash that only the library made."""
    argon2id = Argon2id(salt=b"0" * 16, length=32, iterations=iterations, lanes=lanes, memory_cost=memory)
    return argon2id.derive_phc_encoded(password)


async def test_a_hash_is_a_phc_string(hasher: Argon2PasswordHasher) -> None:
    """A hash names the algorithm, the version and the cost, then a salt of 16 bytes and a hash of 32."""
    hashed = await hasher.hash("correct horse")
    _, algorithm, version, cost, salt, digest = hashed.split("$")
    assert (algorithm, version, cost) == ("argon2id", "v=19", "m=8,t=1,p=1")
    assert (len(salt), len(digest)) == (22, 43)


async def test_the_default_cost_is_that_of_owasp(make: _Make) -> None:
    """Without settings a hash takes 19 MiB, two iterations and one lane."""
    assert "$m=19456,t=2,p=1$" in await make(Argon2Cost()).hash("correct horse")


async def test_a_password_is_salted(hasher: Argon2PasswordHasher) -> None:
    """Hashing a password twice gives two hashes."""
    assert await hasher.hash("correct horse") != await hasher.hash("correct horse")


@pytest.mark.parametrize("password", ["correct horse", "", "pässwörd \U0001f511", "a\x00b", "x" * 10_000])
async def test_the_right_password_verifies(hasher: Argon2PasswordHasher, password: str) -> None:
    """Any text can be a password, and verifies with its hash."""
    assert await hasher.verify((password,), await hasher.hash(password)) == password


@pytest.mark.parametrize("wrong", ["", "correct hors", "correct horse ", "Correct horse", "correct horse\x00", "horse"])
async def test_a_wrong_password_does_not_verify(hasher: Argon2PasswordHasher, wrong: str) -> None:
    """A password that differs in any character does not verify."""
    assert await hasher.verify((wrong,), await hasher.hash("correct horse")) is None


@pytest.mark.parametrize("cost", [{"memory": 16}, {"iterations": 2}], ids=str)
async def test_a_hash_of_another_cost_verifies(hasher: Argon2PasswordHasher, cost: dict[str, int]) -> None:
    """A hash contains its cost, so a change of the setting locks nobody out."""
    hashed = _phc(b"correct horse", **cost)
    assert await hasher.verify(("correct horse",), hashed) is not None
    assert await hasher.verify(("wrong horse",), hashed) is None


@pytest.mark.parametrize(
    "hashed",
    [
        "",
        "$",
        "correct horse",
        "plain:correct horse",
        "\x00",
        "\udc80",
        "é",
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        f"$argon2id$v=19$m=8,t=1,p=1${_SALT}",
        f"$argon2id$v=19$m=8,t=1,p=1$${_DIGEST}",
        f"$argon2id$v=19$m=8,t=1,p=1${_SALT}$",
        f"$argon2id$v=19$m=8,t=1,p=1${_SALT}${_DIGEST}$",
        f"$argon2id$v=19$m=8,t=1,p=1${_SALT}${_DIGEST}=",
        f"$argon2id$v=19$m=8,t=1,p=1$é${_DIGEST}",
        f"$argon2id$v=16$m=8,t=1,p=1${_SALT}${_DIGEST}",
        f"$argon2id$v=19$m=0,t=1,p=1${_SALT}${_DIGEST}",
        f"$argon2id$v=19$m=-8,t=1,p=1${_SALT}${_DIGEST}",
        f"$argon2id$v=19$m={'9' * 30},t=1,p=1${_SALT}${_DIGEST}",
        f"$argon2id$v=19$m=8,t=0,p=1${_SALT}${_DIGEST}",
        f"$argon2id$v=19$m=8,t=1,p=0${_SALT}${_DIGEST}",
        f"$argon2id$v=19$m=8,t=1,p=99999999${_SALT}${_DIGEST}",
        f"$argon2id$v=19$m=x,t=y,p=z${_SALT}${_DIGEST}",
        f"$argon2i$v=19$m=8,t=1,p=1${_SALT}${_DIGEST}",
        _phc(b"correct horse", memory=520, lanes=65),
    ],
    ids=ascii,
)
async def test_an_unreadable_hash_verifies_no_password(hasher: Argon2PasswordHasher, hashed: str) -> None:
    """An unreadable hash verifies no password, and raises no exception."""
    assert await hasher.verify(("correct horse",), hashed) is None


async def test_a_hash_of_the_current_cost_is_not_outdated(hasher: Argon2PasswordHasher) -> None:
    """A hash that the hasher made is not outdated."""
    assert not hasher.is_outdated(await hasher.hash("correct horse"))


@pytest.mark.parametrize(
    "hashed",
    [
        _phc(b"x", memory=16),
        _phc(b"x", iterations=2),
        f"$argon2id$v=19$m=8,t=1,p=2${_SALT}${_DIGEST}",
        Argon2d(salt=b"0" * 16, length=32, iterations=1, lanes=1, memory_cost=8).derive_phc_encoded(b"x"),
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "",
    ],
    ids=["memory", "iterations", "lanes", "Argon2d", "bcrypt", "none"],
)
def test_any_other_hash_is_outdated(hasher: Argon2PasswordHasher, hashed: str) -> None:
    """A hash of another cost or algorithm is outdated."""
    assert hasher.is_outdated(hashed)


def test_a_lower_and_a_higher_cost_are_outdated(make: _Make) -> None:
    """A hash is outdated if its cost is lower or higher than the setting."""
    cheap, dear = _phc(b"x"), _phc(b"x", memory=16, iterations=2)
    assert make(Argon2Cost(memory=16, iterations=2)).is_outdated(cheap)
    assert not make(Argon2Cost(memory=16, iterations=2)).is_outdated(dear)
    assert make(_CHEAPEST).is_outdated(dear)


async def test_a_dummy_verification_costs_one_verification(make: _Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """``verify_dummy`` verifies the given password once, with the current cost."""
    verified = []

    class Counting:
        @staticmethod
        def verify_phc_encoded(password: bytes, hashed: str) -> None:
            verified.append((password, hashed))
            Argon2id.verify_phc_encoded(password, hashed)

    hasher = make(Argon2Cost(memory=16, iterations=2))
    monkeypatch.setattr(argon2, "Argon2id", Counting)
    await hasher.verify_dummy(("guess",))
    ((password, hashed),) = verified
    assert password == b"guess"
    assert not hasher.is_outdated(hashed)
