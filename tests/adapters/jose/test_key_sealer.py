"""Sealed private keys."""

import json

import pytest

from app.adapters.jose.key_encryption import JoseKeyEncryption
from app.domain import base64url
from app.domain.errors import ConfigurationError

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
SECRET = b"a private key"


def test_what_is_sealed_opens() -> None:
    """It is a JWE of ``dir`` and A256GCM, each time another, that the same encryption key opens."""
    encryption = JoseKeyEncryption(NEW)
    encrypted = encryption.encrypt(SECRET, kid="kid-1")
    header = json.loads(base64url.decode(encrypted.partition(".")[0]))
    assert (header["alg"], header["enc"]) == ("dir", "A256GCM")
    assert encryption.decrypt(encrypted, kid="kid-1") == SECRET
    assert encryption.encrypt(SECRET, kid="kid-1") != encrypted


def test_the_old_key_opens_beside_the_new() -> None:
    """While an encryption key is replaced both open, and the new one seals."""
    encrypted = JoseKeyEncryption(OLD).encrypt(SECRET, kid="kid-1")
    both = JoseKeyEncryption(NEW, OLD)
    assert both.decrypt(encrypted, kid="kid-1") == SECRET
    assert not both.is_current(encrypted)
    assert both.is_current(both.encrypt(SECRET, kid="kid-1"))
    assert JoseKeyEncryption(NEW).decrypt(both.encrypt(SECRET, kid="kid-1"), kid="kid-1") == SECRET


def test_another_encryption_key_opens_nothing() -> None:
    """The error names the setting."""
    with pytest.raises(ConfigurationError, match="KEYTURN_KEY_ENCRYPTION_KEY"):
        JoseKeyEncryption(NEW).decrypt(JoseKeyEncryption(OLD).encrypt(SECRET, kid="kid-1"), kid="kid-1")


def test_a_key_opens_in_its_own_place() -> None:
    """Put in the place of another it is refused: whoever writes to the store cannot bring an old key back as a new."""
    encryption = JoseKeyEncryption(NEW)
    with pytest.raises(ConfigurationError, match="kid-2"):
        encryption.decrypt(encryption.encrypt(SECRET, kid="kid-1"), kid="kid-2")


@pytest.mark.parametrize("part", range(5))
def test_a_changed_key_is_refused(part: int) -> None:
    """Whichever part of it was changed, cut or added."""
    encryption = JoseKeyEncryption(NEW)
    parts = encryption.encrypt(SECRET, kid="kid-1").split(".")
    for changed in ("", "AAAA", parts[part][:-4] + "AAAA"):
        with pytest.raises(ConfigurationError):
            encryption.decrypt(".".join([*parts[:part], changed + "A" * (part == 1), *parts[part + 1 :]]), kid="kid-1")


@pytest.mark.parametrize("junk", ["", ".", "....", "no JWE", "W10....", "e30....", "é"])
def test_junk_is_refused(junk: str) -> None:
    """What is no JWE at all is an error like any other."""
    with pytest.raises(ConfigurationError):
        JoseKeyEncryption(NEW).decrypt(junk, kid="kid-1")


def test_nothing_shows_the_encryption_key() -> None:
    """Neither its ``repr`` nor what it seals has it."""
    encryption = JoseKeyEncryption(NEW)
    shown = repr(encryption) + encryption.encrypt(SECRET, kid="kid-1")
    assert not any(spelt in shown for spelt in (repr(NEW), NEW.hex(), base64url.encode(NEW)))
