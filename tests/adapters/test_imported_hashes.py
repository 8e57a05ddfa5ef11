"""Hashes that another program made."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from unicodedata import normalize

import bcrypt
import pytest
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.passwords import argon2, argon2_hash
from app.adapters.passwords import bcrypt as bcrypt_hash
from app.adapters.passwords.argon2 import Argon2Cost, Argon2PasswordHasher
from app.domain.errors import ConfigurationError
from app.service.settings import Settings

PASSWORD = "correct horse"  # noqa: S105  # a test's
SALT: Final = "MDEyMzQ1Njc4OWFiY2RlZg"
ARGON2: Final = "$argon2id$v=19$m={},t={},p={}$" + SALT + "$" + "A" * 43
BCRYPT: Final = "$2b${}$" + "a" * 21 + "u" + "a" * 30 + "."
BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BCRYPT_ALPHABET: Final = BASE64.replace("+", ".")


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
    assert hasher.find_fault(hashed) is None
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


_LANES: Final = """
import asyncio, os, sys
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from app.adapters.passwords.argon2 import Argon2Cost, Argon2PasswordHasher

async def verify_at_once():
    costs = ((65_536, 3, 4), (102_400, 2, 8), (19_456, 2, 2), (19_456, 2, 1))
    made = [Argon2id(salt=bytes(16), length=32, iterations=t, lanes=p, memory_cost=m) for m, t, p in costs]
    hashes = [each.derive_phc_encoded(b"correct horse") for each in made]
    hasher = Argon2PasswordHasher(cost=Argon2Cost(memory=8, iterations=1), threads=4, queue=100)
    assert [hasher.find_fault(each) for each in hashes] == [None] * 4
    found = await asyncio.gather(*(hasher.verify(("correct horse",), each) for each in hashes * 6))
    assert found == ["correct horse"] * 24
    assert await hasher.verify(("wrong horse",), hashes[0]) is None
    assert all(map(hasher.is_outdated, hashes))

asyncio.run(verify_at_once())
"""


def test_hashes_of_several_lanes_are_verified_at_once() -> None:
    """Hashes of argon2-cffi (p=4) and Django (p=8) are verified on four threads at once, and none waits forever. This
    takes a process of its own, because threads that wait forever cannot be ended otherwise.
    """
    done = subprocess.run([sys.executable, "-c", _LANES], timeout=120, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


REFUSED: Final = {
    "": "must be an Argon2id hash",
    PASSWORD: "must be an Argon2id hash",
    "5f4dcc3b5aa765d61d8327deb882cf99": "must be an Argon2id hash",
    "pbkdf2_sha256$1000000$c2FsdA$aGFzaA": "must be an Argon2id hash",
    f"argon2{ARGON2.format(8, 1, 1)}": "must be an Argon2id hash",
    f"bcrypt${BCRYPT.format('04')}": "must be an Argon2id hash",
    BCRYPT.format("00"): "has the cost 0; it must be from 4 to 14",
    BCRYPT.format("03"): "has the cost 3; it must be from 4 to 14",
    BCRYPT.format("15"): "has the cost 15; it must be from 4 to 14",
    BCRYPT.format("31"): "has the cost 31",
    BCRYPT.format("32"): "has the cost 32",
    BCRYPT.format("99"): "has the cost 99",
    BCRYPT.format("4"): "must have the form $2b$",
    BCRYPT.format("٠٤"): "must have the form $2b$",
    BCRYPT.format("10").replace("2b", "2x"): "must have the form $2b$",
    BCRYPT.format("10")[:-1]: "must have the form $2b$",
    BCRYPT.format("10") + ".": "must have the form $2b$",
    BCRYPT.format("10") + "\n": "must have the form $2b$",
    BCRYPT.format("10")[:-1] + "/": "ends its salt or its hash with bits",
    BCRYPT.format("10").replace("u", "v"): "ends its salt or its hash with bits",
    ARGON2.format(0, 1, 1): "has m=0; it must be from 8 to 131072 KiB",
    ARGON2.format(7, 1, 1): "has m=7",
    ARGON2.format(131_073, 1, 1): "has m=131073",
    ARGON2.format(31, 1, 4): "has m=31; it must be from 32 to 131072 KiB",
    ARGON2.format(1_048_576, 2, 1): "has m=1048576",
    ARGON2.format("9" * 11, 1, 1): "must have the form $argon2id$",
    ARGON2.format(19_456, 0, 1): "has t=0; it must be from 1 to 10",
    ARGON2.format(19_456, 11, 1): "has t=11",
    ARGON2.format(19_456, 2, 0): "has p=0; it must be from 1 to 64",
    ARGON2.format(19_456, 2, 65): "has p=65; it must be from 1 to 64",
    ARGON2.format(19_456, 2, 1).replace("argon2id", "argon2i"): "must have the form $argon2id$",
    ARGON2.format(19_456, 2, 1).replace("v=19", "v=16"): "must have the form $argon2id$",
    ARGON2.format(19_456, 2, 1) + "=": "must have the form $argon2id$",
    ARGON2.format(19_456, 2, 1) + "\n": "must have the form $argon2id$",
    ARGON2.format(19_456, 2, 1)[:-1] + "B": "has a hash that is not base64",
    ARGON2.format(19_456, 2, 1)[:-2]: "has a hash that is not base64",
    ARGON2.format(19_456, 2, 1)[:-23]: "has a hash that is not base64 of 16 to 64 bytes",
    ARGON2.format(19_456, 2, 1) + "A" * 44: "has a hash that is not base64 of 16 to 64 bytes",
    ARGON2.format(19_456, 2, 1).replace(SALT, SALT[:10]): "has a salt that is not base64 of 8 to 64 bytes",
    ARGON2.format(19_456, 2, 1).replace(SALT, SALT[:-1] + "h"): "has a salt that is not base64",
    ARGON2.format(19_456, 2, 1).replace(SALT, SALT * 4): "has a salt that is not base64 of 8 to 64 bytes",
}


@pytest.mark.parametrize(("hashed", "fault"), REFUSED.items(), ids=ascii)
def test_hash_is_refused_with_its_fault(hasher: Argon2PasswordHasher, hashed: str, fault: str) -> None:
    """A hash that no password can match, or whose cost could let one sign-in occupy the machine, is refused. The reason
    does not show the hash.
    """
    found = hasher.find_fault(hashed)
    assert found is not None
    assert found.startswith(fault)
    assert SALT not in found


@pytest.mark.parametrize(
    "hashed",
    [
        ARGON2.format(8, 1, 1),
        ARGON2.format(131_072, 10, 1),
        ARGON2.format(65_536, 3, 4),
        ARGON2.format(102_400, 2, 8),
        ARGON2.format(512, 1, 64),
        ARGON2.format(19_456, 2, 1).replace(SALT, "MDEyMzQ1Njc"),
        BCRYPT.format("04"),
        BCRYPT.format("14"),
    ],
)
def test_hash_within_the_limits_is_accepted(hasher: Argon2PasswordHasher, hashed: str) -> None:
    """A hash of another cost is accepted up to the limits, and down to what the algorithms can verify."""
    assert hasher.find_fault(hashed) is None


def test_own_cost_is_accepted_beyond_the_limits() -> None:
    """If the service's own hashes cost more than the limits, an imported hash may cost as much."""
    hasher = Argon2PasswordHasher(cost=Argon2Cost(memory=131_200, iterations=11), threads=1, queue=8)
    assert hasher.find_fault(ARGON2.format(131_200, 11, 1)) is None
    assert hasher.find_fault(ARGON2.format(131_201, 11, 1)) is not None
    hasher.close()


@given(
    st.builds(
        "$argon2id$v=19$m={},t={},p={}${}${}".format,
        st.integers(0, 24),
        st.integers(0, 2),
        st.integers(0, 3),
        st.text(BASE64, max_size=24),
        st.text(BASE64, max_size=46),
    )
)
def test_argon2_faults_are_those_of_the_library(hashed: str) -> None:
    """If a hash has no fault, the library runs it. It finds a fault in each hash that it cannot read, too."""
    fault = argon2_hash.find_fault(hashed, max_memory=24, max_iterations=2)
    try:
        Argon2id.verify_phc_encoded(b"", hashed)
    except ValueError:
        readable = False
    except InvalidKey as error:
        readable = "do not match" in str(error)
    assert readable or fault is not None
    assert fault is None or not readable or "of 16 to 64 bytes" in fault


@given(st.text(BCRYPT_ALPHABET, min_size=53, max_size=53), st.integers(0, 6))
def test_bcrypt_faults_are_those_of_the_library(text: str, cost: int) -> None:
    """A hash has no fault only if the library would write it like this."""
    hashed = f"$2b${cost:02}${text}"
    if bcrypt_hash.find_fault(hashed) is None:
        written = bcrypt.hashpw(b"", hashed.encode())
        assert written[:29] == hashed[:29].encode()
    else:
        with suppress(ValueError):
            assert not bcrypt.checkpw(b"", hashed.encode())


@pytest.mark.parametrize(
    "hashed",
    [
        *(each for each in REFUSED if "m=131073" not in each and "m=1048576" not in each and "t=11" not in each),
        ARGON2.format(1_048_577, 1, 1),
        ARGON2.format(8, 101, 1),
    ],
    ids=ascii,
)
async def test_stored_hash_with_a_fault_takes_the_time_of_a_dummy(
    hasher: Argon2PasswordHasher, monkeypatch: pytest.MonkeyPatch, hashed: str
) -> None:
    """A stored hash that cannot match, or costs more than any setting, is not run. The dummy is verified instead, so
    that the time of the refusal shows neither of the two.
    """
    run: list[str] = []
    matches = argon2._matches

    def recording(password: bytes, hashed: str) -> bool:
        run.append(hashed)
        return matches(password, hashed)

    monkeypatch.setattr(argon2, "_matches", recording)
    assert await hasher.verify((PASSWORD, "another form"), hashed) is None
    assert run == [hasher._dummy_hash] * 2


def test_greatest_cost_of_the_settings_is_accepted_when_stored() -> None:
    """A hash that was made here with the greatest cost that the settings allow is still verified after they change."""
    for name, greatest in (
        ("MEMORY", argon2._GREATEST_STORED.memory),
        ("ITERATIONS", argon2._GREATEST_STORED.iterations),
    ):
        variable = f"KEYTURN_PASSWORD_HASH_{name}"
        Settings.from_environment({variable: str(greatest)})
        with pytest.raises(ConfigurationError):
            Settings.from_environment({variable: str(greatest + 1)})
