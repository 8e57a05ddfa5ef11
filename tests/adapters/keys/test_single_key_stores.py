"""Stores of one key: the environment, a file, and a generated key."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.adapters.keys.environment import EnvironmentKeyStore, FileKeyStore
from app.adapters.keys.generated import GeneratedKeyStore
from app.adapters.keys.rsa_key import to_stored_key
from app.domain.errors import ConfigurationError

from .writing import PASSPHRASE, all_texts, encrypted, pkcs8, secrets_in


def _written(directory: Path, pem: bytes, mode: int = 0o600) -> Path:
    path = directory / "signing key.pem"
    path.write_bytes(pem)
    path.chmod(mode)
    return path


async def test_a_key_in_the_environment_is_read(private_key: RSAPrivateKey) -> None:
    """A PEM in the environment is read, also with CRLF and a passphrase. Its key signs at once."""
    pem = encrypted(private_key).replace(b"\n", b"\r\n").decode()
    assert await EnvironmentKeyStore(pem=pem, passphrase=PASSPHRASE).load() == (to_stored_key(private_key),)


@pytest.mark.parametrize("pem", ["nonsense", "é", "0\x82\x04\xa4"], ids=ascii)
async def test_other_text_in_the_environment_is_refused(pem: str) -> None:
    """Text that is no key is refused, and the error names the variable."""
    with pytest.raises(ConfigurationError, match=r"^KEYTURN_SIGNING_KEY is not PEM"):
        await EnvironmentKeyStore(pem=pem, passphrase=None).load()


async def test_a_key_file_is_read(tmp_path: Path, private_key: RSAPrivateKey) -> None:
    """A PEM file is read, and its key signs at once."""
    path = _written(tmp_path, pkcs8(private_key))
    assert await FileKeyStore(path=path, passphrase=None).load() == (to_stored_key(private_key),)


async def test_a_world_readable_key_file_is_refused(tmp_path: Path, private_key: RSAPrivateKey) -> None:
    """A file that every user can access is refused. The error names the file and the command that corrects it."""
    path = _written(tmp_path, pkcs8(private_key), mode=0o644)
    with pytest.raises(
        ConfigurationError, match=rf"^KEYTURN_SIGNING_KEY_FILE: {path} can be read by every user .*chmod 600"
    ):
        await FileKeyStore(path=path, passphrase=None).load()


async def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    """A missing file is refused, and the error names it."""
    path = tmp_path / "missing.pem"
    with pytest.raises(
        ConfigurationError,
        match=rf"^KEYTURN_SIGNING_KEY_FILE: the key file {path} cannot be read: No such file or directory",
    ):
        await FileKeyStore(path=path, passphrase=None).load()


async def test_a_refused_key_file_stays_secret(tmp_path: Path, private_key: RSAPrivateKey) -> None:
    """The error for a damaged file names it and shows nothing of its content."""
    pem = pkcs8(private_key)
    path = _written(tmp_path, pem[:900])
    with pytest.raises(
        ConfigurationError, match=rf"^KEYTURN_SIGNING_KEY_FILE: {path} cannot be read as a private key"
    ) as refusal:
        await FileKeyStore(path=path, passphrase=None).load()
    texts = all_texts(refusal.value)
    assert [secret for secret in secrets_in(pem) if secret in texts] == []


async def test_representations_hide_the_key(private_key: RSAPrivateKey) -> None:
    """Neither the repr of a store nor that of a key shows the key or the passphrase."""
    pem = encrypted(private_key)
    store = EnvironmentKeyStore(pem=pem.decode(), passphrase=PASSPHRASE)
    (stored,) = await store.load()
    shown = f"{store!r} {store} {stored!r} {stored}"
    assert [secret for secret in (*secrets_in(pem), repr(stored.pkcs8)[2:-1]) if secret in shown] == []


async def test_a_key_is_generated_once() -> None:
    """The generated key signs at once, and each ``load`` returns the same key."""
    store = GeneratedKeyStore(bits=2048)
    (first,) = await store.load()
    assert await store.load() == (first,)
    assert first.key.activates_at == 0.0


async def test_each_store_generates_its_own_key() -> None:
    """Two stores never generate the same key."""
    (one,), (other,) = await GeneratedKeyStore(bits=2048).load(), await GeneratedKeyStore(bits=2048).load()
    assert one.key.kid != other.key.kid
