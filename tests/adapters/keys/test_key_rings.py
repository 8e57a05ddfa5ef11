"""Keys that can be changed: in a directory, and in a shared store."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from app.adapters.jose.key_encryption import JoseKeyEncryption
from app.adapters.keys.directory import DirectoryKeyRing
from app.adapters.keys.directory_files import file_name
from app.adapters.keys.generated import RsaKeyGenerator
from app.adapters.keys.rsa_key import to_stored_key
from app.adapters.keys.shared import SharedKeyRing
from app.adapters.memory.encrypted_keys import MemoryEncryptedKeyRepository
from app.domain.errors import ConfigurationError
from app.domain.keys.encrypted_key import EncryptedKey
from app.domain.keys.stored_key import StoredKey
from app.ports.key_ring import KeyRing

NOW = 1_800_000_000.0
KEY = bytes(32)


@pytest.fixture(scope="module")
def made() -> list[StoredKey]:
    """Return three keys, each to sign a while after the one before."""
    return asyncio.run(_make())


async def _make() -> list[StoredKey]:
    generator = RsaKeyGenerator(bits=2048)
    return [await generator.generate(published_at=NOW, activates_at=NOW + 1_000 * each) for each in range(3)]


@pytest.fixture(params=["directory", "shared"])
def rings(request: pytest.FixtureRequest, tmp_path: Path) -> list[KeyRing]:
    """Return two rings of each kind over one place."""
    if request.param == "directory":
        return [DirectoryKeyRing(directory=tmp_path / "keys", passphrase=None) for _ in range(2)]
    repository = MemoryEncryptedKeyRepository()
    return [SharedKeyRing(repository=repository, encryption=JoseKeyEncryption(KEY)) for _ in range(2)]


async def test_keys_are_added_in_a_chain(rings: list[KeyRing], made: list[StoredKey]) -> None:
    """Each is kept if it follows the last; the other ring sees it, with its private half and its time."""
    one, other = rings
    assert await one.add(made[0], follows=None)
    assert not await other.add(made[1], follows=None)
    assert await other.add(made[1], follows=made[0].key.kid)
    assert not await one.add(made[2], follows=made[0].key.kid)
    loaded = sorted(await one.load(), key=lambda each: each.key.activates_at)
    assert [(each.key.kid, each.key.activates_at, each.pkcs8) for each in loaded] == [
        (each.key.kid, each.key.activates_at, each.pkcs8) for each in made[:2]
    ]


async def test_of_many_successors_one_is_kept(rings: list[KeyRing], made: list[StoredKey]) -> None:
    """Of two that are added at once to follow one key, one is."""
    await rings[0].add(made[0], follows=None)
    added = await asyncio.gather(
        *(ring.add(key, follows=made[0].key.kid) for ring, key in zip(rings, made[1:], strict=True))
    )
    assert sorted(added) == [False, True]
    assert len(await rings[0].load()) == 2


async def test_a_key_is_rescheduled_and_removed(rings: list[KeyRing], made: list[StoredKey]) -> None:
    """Where its time is the expected one; what is removed is gone."""
    one, other = rings
    await one.add(made[0], follows=None)
    await one.add(made[1], follows=made[0].key.kid)
    assert await other.reschedule(made[1].key.kid, expected=NOW + 1_000, activates_at=NOW + 50)
    assert not await one.reschedule(made[1].key.kid, expected=NOW + 1_000, activates_at=NOW + 60)
    assert {each.key.activates_at for each in await one.load()} == {NOW, NOW + 50}
    assert await one.remove(made[0].key.kid)
    assert not await other.remove(made[0].key.kid)
    assert [each.key.kid for each in await other.load()] == [made[1].key.kid]


async def test_a_moment_is_one_keys_own(tmp_path: Path, made: list[StoredKey]) -> None:
    """A file is never put in the place of another: the moment of another key is refused, and both keys stay."""
    ring = DirectoryKeyRing(directory=tmp_path, passphrase=None)
    await ring.add(made[0], follows=None)
    await ring.add(made[1], follows=made[0].key.kid)
    with pytest.raises(ConfigurationError, match="there already"):
        await ring.reschedule(made[1].key.kid, expected=NOW + 1_000, activates_at=NOW)
    assert {each.key.kid for each in await ring.load()} == {each.key.kid for each in made[:2]}
    assert await ring.reschedule(made[1].key.kid, expected=NOW + 1_000, activates_at=NOW + 1_000)


async def test_a_directory_is_read_as_it_is_at_one_moment(
    tmp_path: Path, made: list[StoredKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is renamed while the others are read is neither missed nor an error."""
    ring, other = (DirectoryKeyRing(directory=tmp_path, passphrase=None) for _ in range(2))
    await ring.add(made[0], follows=None)
    await ring.add(made[1], follows=made[0].key.kid)
    last = tmp_path / file_name(NOW + 1_000)
    read = DirectoryKeyRing._read

    def rename_and_read(self: DirectoryKeyRing, path: Path, version: Any) -> StoredKey:
        if last.exists():
            last.rename(last.with_name("2030-01-01T000000Z.pem"))
        return read(self, path, version)

    monkeypatch.setattr(DirectoryKeyRing, "_read", rename_and_read)
    assert {each.key.kid for each in await other.load()} == {each.key.kid for each in made[:2]}


async def test_keys_are_encrypted_anew(made: list[StoredKey]) -> None:
    """After it only the new encryption key is needed; a second time there is nothing to do."""
    repository = MemoryEncryptedKeyRepository()
    await SharedKeyRing(repository=repository, encryption=JoseKeyEncryption(KEY)).add(made[0], follows=None)
    new = bytes(range(32))
    both = SharedKeyRing(repository=repository, encryption=JoseKeyEncryption(new, KEY))
    assert [await both.reencrypt(), await both.reencrypt()] == [1, 0]
    [loaded] = await SharedKeyRing(repository=repository, encryption=JoseKeyEncryption(new)).load()
    assert loaded == made[0]
    with pytest.raises(ConfigurationError):
        await SharedKeyRing(repository=repository, encryption=JoseKeyEncryption(KEY)).load()


async def test_a_stored_key_is_judged(made: list[StoredKey]) -> None:
    """One that is no key, is too small or is stored under another's ``kid``, is refused by name."""
    encryption = JoseKeyEncryption(KEY)
    small = to_stored_key(generate_private_key(65537, 1024))  # noqa: S505  # that is the point
    for pkcs8 in (b"no key", small.pkcs8, made[1].pkcs8):
        repository = MemoryEncryptedKeyRepository()
        await repository.add(EncryptedKey("kid-1", "", NOW, NOW, encryption.encrypt(pkcs8, kid="kid-1")))
        with pytest.raises(ConfigurationError, match="kid-1"):
            await SharedKeyRing(repository=repository, encryption=encryption).load()


async def test_a_directory_that_cannot_be_written(tmp_path: Path, made: list[StoredKey]) -> None:
    """The error names it, and says why."""
    place = tmp_path / "file"
    place.write_text("no directory")
    with pytest.raises(ConfigurationError, match="cannot be changed"):
        await DirectoryKeyRing(directory=place, passphrase=None).add(made[0], follows=None)
