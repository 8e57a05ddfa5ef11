"""Encrypted private keys."""

import json

import pytest

from app.adapters.jose.key_encryption import JoseKeyEncryption
from app.domain import base64url
from app.domain.errors import ConfigurationError

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
SECRET = b"a private key"


def test_an_encrypted_key_is_decrypted() -> None:
    """Encryption makes a different JWE of ``dir`` and A256GCM each time, and the same encryption key decrypts it."""
    encryption = JoseKeyEncryption(NEW)
    encrypted = encryption.encrypt(SECRET, kid="kid-1")
    header = json.loads(base64url.decode(encrypted.partition(".")[0]))
    assert (header["alg"], header["enc"]) == ("dir", "A256GCM")
    assert encryption.decrypt(encrypted, kid="kid-1") == SECRET
    assert encryption.encrypt(SECRET, kid="kid-1") != encrypted


def test_both_encryption_keys_decrypt_during_a_change() -> None:
    """With two encryption keys, both decrypt and the first one encrypts."""
    encrypted = JoseKeyEncryption(OLD).encrypt(SECRET, kid="kid-1")
    both = JoseKeyEncryption(NEW, OLD)
    assert both.decrypt(encrypted, kid="kid-1") == SECRET
    assert not both.is_current(encrypted)
    assert both.is_current(both.encrypt(SECRET, kid="kid-1"))
    assert JoseKeyEncryption(NEW).decrypt(both.encrypt(SECRET, kid="kid-1"), kid="kid-1") == SECRET


def test_another_encryption_key_is_refused() -> None:
    """An error that names the setting is raised if no encryption key fits."""
    with pytest.raises(ConfigurationError, match="KEYTURN_KEY_ENCRYPTION_KEY"):
        JoseKeyEncryption(NEW).decrypt(JoseKeyEncryption(OLD).encrypt(SECRET, kid="kid-1"), kid="kid-1")


def test_an_encrypted_key_belongs_to_one_kid() -> None:
    """A JWE stored under another kid is refused, so somebody with access to the store cannot bring an old key back."""
    encryption = JoseKeyEncryption(NEW)
    with pytest.raises(ConfigurationError, match="kid-2"):
        encryption.decrypt(encryption.encrypt(SECRET, kid="kid-1"), kid="kid-2")


@pytest.mark.parametrize("part", range(5))
def test_a_changed_key_is_refused(part: int) -> None:
    """A JWE is refused if one of its parts was changed, cut or extended."""
    encryption = JoseKeyEncryption(NEW)
    parts = encryption.encrypt(SECRET, kid="kid-1").split(".")
    for changed in ("", "AAAA", parts[part][:-4] + "AAAA"):
        with pytest.raises(ConfigurationError):
            encryption.decrypt(".".join([*parts[:part], changed + "A" * (part == 1), *parts[part + 1 :]]), kid="kid-1")


@pytest.mark.parametrize("junk", ["", ".", "....", "no JWE", "W10....", "e30....", "é"])
def test_text_that_is_no_jwe_is_refused(junk: str) -> None:
    """Text that is no JWE raises a configuration error, as every other fault does."""
    with pytest.raises(ConfigurationError):
        JoseKeyEncryption(NEW).decrypt(junk, kid="kid-1")


def test_nothing_shows_the_encryption_key() -> None:
    """Neither the ``repr`` nor a JWE contains the encryption key."""
    encryption = JoseKeyEncryption(NEW)
    shown = repr(encryption) + encryption.encrypt(SECRET, kid="kid-1")
    assert not any(spelt in shown for spelt in (repr(NEW), NEW.hex(), base64url.encode(NEW)))
