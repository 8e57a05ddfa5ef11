"""The keys of a directory (SPEC.md §6)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from app.adapters.keys.directory import DirectoryKeyRing
from app.adapters.keys.rsa_key import to_stored_key
from app.domain.errors import ConfigurationError
from app.domain.keys.stored_key import StoredKey

from .writing import PASSPHRASE, encrypted, pkcs8

_Put = Callable[..., Path]
_MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def put(tmp_path: Path) -> _Put:
    """Return a function that writes a key file which only its owner can read."""

    def put(name: str, pem: bytes, mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.write_bytes(pem)
        path.chmod(mode)
        return path

    return put


async def _load(directory: Path, passphrase: str | None = None) -> list[StoredKey]:
    """Return the keys, without the times at which their files were written."""
    stored = await DirectoryKeyRing(directory=directory, passphrase=passphrase).load()
    return [replace(each, key=replace(each.key, published_at=0.0)) for each in stored]


async def test_a_file_name_is_the_activation_time(
    tmp_path: Path, put: _Put, private_key: RSAPrivateKey, another_private_key: RSAPrivateKey
) -> None:
    """The file name is the activation time in UTC. A key in a file with another name activates at 0."""
    put("2026-03-01T120000Z.pem", pkcs8(private_key))
    put("old.pem", pkcs8(another_private_key))
    assert set(await _load(tmp_path)) == {
        to_stored_key(private_key, activates_at=_MARCH),
        to_stored_key(another_private_key),
    }


async def test_other_files_are_ignored(tmp_path: Path, put: _Put, private_key: RSAPrivateKey) -> None:
    """Only .pem files are keys, so a README, a public key or a partial file does no harm."""
    put("2026-03-01T120000Z.pem", pkcs8(private_key))
    for name in ("README", "key.pub", "key.pem.bak", ".2026-03-01T120000Z.pem.42", ".pem"):
        put(name, b"no key", mode=0o644)
    assert len(await _load(tmp_path)) == 1


async def test_the_passphrase_decrypts_a_file(tmp_path: Path, put: _Put, private_key: RSAPrivateKey) -> None:
    """An encrypted file is read with the passphrase."""
    put("key.pem", encrypted(private_key))
    assert await _load(tmp_path, PASSPHRASE) == [to_stored_key(private_key)]


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640, 0o660])
async def test_a_private_file_is_read(tmp_path: Path, put: _Put, private_key: RSAPrivateKey, mode: int) -> None:
    """A file is read if only its owner and its group can access it; volumes of containers need the group."""
    put("key.pem", pkcs8(private_key), mode)
    assert len(await _load(tmp_path)) == 1


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601, 0o666, 0o777])
async def test_a_world_readable_file_is_refused(
    tmp_path: Path, put: _Put, private_key: RSAPrivateKey, mode: int
) -> None:
    """A file that every user can access is refused. The error names the file and the command that corrects it."""
    path = put("key.pem", pkcs8(private_key), mode)
    with pytest.raises(
        ConfigurationError, match=rf"^KEYTURN_KEYS_DIR: {path} can be read by every user .*run: chmod 600 {path}$"
    ):
        await _load(tmp_path)


async def test_a_link_has_the_permissions_of_its_target(tmp_path: Path, put: _Put, private_key: RSAPrivateKey) -> None:
    """A link is read if its target is private, and refused if every user can access the target."""
    target = put("target", pkcs8(private_key))
    (tmp_path / "key.pem").symlink_to(target)
    assert len(await _load(tmp_path)) == 1
    target.chmod(0o644)
    with pytest.raises(ConfigurationError, match="can be read by every user"):
        await _load(tmp_path)


@pytest.mark.parametrize("names", [("a.pem", "b.pem"), ("a.pem", "1970-01-01T000000Z.pem")], ids=str)
async def test_two_keys_with_one_activation_time_are_refused(
    tmp_path: Path, put: _Put, private_key: RSAPrivateKey, another_private_key: RSAPrivateKey, names: tuple[str, str]
) -> None:
    """It would be unclear which of them signs. The error names one file and says how to rename it."""
    for name, key in zip(names, (private_key, another_private_key), strict=True):
        put(name, pkcs8(key))
    with pytest.raises(ConfigurationError, match=r"activate at the same time; rename .*2026-03-01T120000Z\.pem"):
        await _load(tmp_path)


async def test_one_key_in_two_files_is_refused(tmp_path: Path, put: _Put, private_key: RSAPrivateKey) -> None:
    """The same key in two files is a mistake in a rotation. The error names the directory and says what to do."""
    put("old.pem", pkcs8(private_key))
    put("2026-03-01T120000Z.pem", pkcs8(private_key))
    with pytest.raises(ConfigurationError, match=rf"^KEYTURN_KEYS_DIR: {tmp_path} has the same key twice; remove one"):
        await _load(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["2026-13-01T000000Z.pem", "2026-02-30T000000Z.pem", "2026-03-01T240000Z.pem", "2026-03-01T120060Z.pem",
     "0000-01-01T000000Z.pem"],
)  # fmt: skip
async def test_an_impossible_time_is_refused(tmp_path: Path, put: _Put, private_key: RSAPrivateKey, name: str) -> None:
    """A file name that looks like a time but is none is refused, and the error names it."""
    path = put(name, pkcs8(private_key))
    with pytest.raises(ConfigurationError, match=rf"{path} is not a valid time; rename it"):
        await _load(tmp_path)


async def test_an_unfit_key_among_others_is_refused(tmp_path: Path, put: _Put, private_key: RSAPrivateKey) -> None:
    """One unfit key stops the start, and the error names its file."""
    put("a.pem", pkcs8(private_key))
    small = put("2026-03-01T120000Z.pem", pkcs8(generate_private_key(public_exponent=65537, key_size=1024)))  # noqa: S505  # too small, as it should be
    with pytest.raises(ConfigurationError, match=rf"^KEYTURN_KEYS_DIR: {small} is an RSA key of 1024 bits"):
        await _load(tmp_path)


async def test_a_directory_without_keys_is_refused(tmp_path: Path) -> None:
    """An empty directory is refused, and the error says how to generate a key in it."""
    with pytest.raises(ConfigurationError, match=rf"{tmp_path} has no \.pem file; .*keys generate {tmp_path}"):
        await _load(tmp_path)


async def test_a_missing_directory_is_refused(tmp_path: Path, put: _Put) -> None:
    """A directory that is missing, or is a file, is refused, and the error names it."""
    for path, reason in ((tmp_path / "missing", "No such file"), (put("file", b""), "Not a directory")):
        with pytest.raises(ConfigurationError, match=rf"key directory {path} cannot be read: {reason}"):
            await _load(path)


async def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """A directory or a broken link with the name of a key file is refused, and the error names it."""
    path = tmp_path / "key.pem"
    path.mkdir()
    with pytest.raises(ConfigurationError, match=rf"key file {path} cannot be read: Is a directory"):
        await _load(tmp_path)
    path.rmdir()
    path.symlink_to(tmp_path / "missing")
    with pytest.raises(ConfigurationError, match=rf"key file {path} cannot be read: No such file"):
        await _load(tmp_path)
