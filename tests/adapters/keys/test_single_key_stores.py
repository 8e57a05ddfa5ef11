"""Stores of one key: the environment, a file, and one made at start."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.adapters.keys.environment import EnvironmentKeyStore, FileKeyStore
from app.adapters.keys.generated import GeneratedKeyStore
from app.adapters.keys.rsa_key import to_stored_key
from app.domain.errors import ConfigurationError

from .writing import PASSPHRASE, encrypted, everything_said, pkcs8, secrets_in


def _written(directory: Path, pem: bytes, mode: int = 0o600) -> Path:
    path = directory / "signing key.pem"
    path.write_bytes(pem)
    path.chmod(mode)
    return path


async def test_the_environment_holds_a_key(private_key: RSAPrivateKey) -> None:
    """A PEM in the environment is read, CRLF and passphrase included; it signs at once."""
    pem = encrypted(private_key).replace(b"\n", b"\r\n").decode()
    assert await EnvironmentKeyStore(pem=pem, passphrase=PASSPHRASE).load() == (to_stored_key(private_key),)


@pytest.mark.parametrize("pem", ["nonsense", "é", "0\x82\x04\xa4"], ids=ascii)
async def test_nonsense_in_the_environment_is_refused(pem: str) -> None:
    """Text that is no key, bytes that are no text included, is refused with the variable's name."""
    with pytest.raises(ConfigurationError, match=r"^KEYTURN_SIGNING_KEY holds no PEM"):
        await EnvironmentKeyStore(pem=pem, passphrase=None).load()


async def test_a_file_holds_a_key(tmp_path: Path, private_key: RSAPrivateKey) -> None:
    """A PEM file is read; its key signs at once."""
    path = _written(tmp_path, pkcs8(private_key))
    assert await FileKeyStore(path=path, passphrase=None).load() == (to_stored_key(private_key),)


async def test_a_world_readable_key_file_is_refused(tmp_path: Path, private_key: RSAPrivateKey) -> None:
    """A file that is open to everyone is refused; the message names the file and the command that closes it."""
    path = _written(tmp_path, pkcs8(private_key), mode=0o644)
    with pytest.raises(ConfigurationError, match=rf"^{path} can be read by every user .*chmod 600"):
        await FileKeyStore(path=path, passphrase=None).load()


async def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    """A file that is not there is refused by name."""
    path = tmp_path / "missing.pem"
    with pytest.raises(ConfigurationError, match=rf"^The key file {path} cannot be read: No such file or directory"):
        await FileKeyStore(path=path, passphrase=None).load()


async def test_a_refused_key_file_stays_secret(tmp_path: Path, private_key: RSAPrivateKey) -> None:
    """What is said of a damaged file is its name and nothing of what is in it."""
    pem = pkcs8(private_key)
    path = _written(tmp_path, pem[:900])
    with pytest.raises(ConfigurationError, match=rf"^{path} cannot be read as a private key") as refusal:
        await FileKeyStore(path=path, passphrase=None).load()
    said = everything_said(refusal.value)
    assert [secret for secret in secrets_in(pem) if secret in said] == []


async def test_a_store_hides_what_it_holds(private_key: RSAPrivateKey) -> None:
    """Neither a store's nor a key's repr shows key or passphrase."""
    pem = encrypted(private_key)
    store = EnvironmentKeyStore(pem=pem.decode(), passphrase=PASSPHRASE)
    (stored,) = await store.load()
    shown = f"{store!r} {store} {stored!r} {stored}"
    assert [secret for secret in (*secrets_in(pem), repr(stored.pkcs8)[2:-1]) if secret in shown] == []


async def test_a_key_is_made_once() -> None:
    """The key made at start is fit, is of the size asked for, signs at once, and stays the same."""
    store = GeneratedKeyStore(bits=2048)
    (first,) = await store.load()
    assert await store.load() == (first,)
    assert first.key.activates_at == 0.0


async def test_each_process_makes_its_own_key() -> None:
    """Two stores never share a key."""
    (one,), (other,) = await GeneratedKeyStore(bits=2048).load(), await GeneratedKeyStore(bits=2048).load()
    assert one.key.kid != other.key.kid
