"""Key rings: in a directory, and in a shared store."""

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
from app.domain.keys.stored_key import EncryptedKey, StoredKey
from app.ports.key_ring import KeyRing

NOW = 1_800_000_000.0
KEY = bytes(32)


@pytest.fixture(scope="module")
def new_keys() -> list[StoredKey]:
    """Return three keys with increasing activation times."""
    return asyncio.run(_make())


async def _make() -> list[StoredKey]:
    generator = RsaKeyGenerator(bits=2048)
    return [await generator.generate(published_at=NOW, activates_at=NOW + 1_000 * each) for each in range(3)]


@pytest.fixture(params=["directory", "shared"])
def rings(request: pytest.FixtureRequest, tmp_path: Path) -> list[KeyRing]:
    """Return two key rings over the same keys."""
    if request.param == "directory":
        return [DirectoryKeyRing(directory=tmp_path / "keys", passphrase=None) for _ in range(2)]
    repository = MemoryEncryptedKeyRepository()
    return [SharedKeyRing(repository=repository, encryption=JoseKeyEncryption(KEY)) for _ in range(2)]


async def test_keys_are_added_in_a_chain(rings: list[KeyRing], new_keys: list[StoredKey]) -> None:
    """A key is added if it follows the last one. The other ring loads it with its private key and its time."""
    one, other = rings
    assert await one.add(new_keys[0], follows=None)
    assert not await other.add(new_keys[1], follows=None)
    assert await other.add(new_keys[1], follows=new_keys[0].key.kid)
    assert not await one.add(new_keys[2], follows=new_keys[0].key.kid)
    loaded = sorted(await one.load(), key=lambda each: each.key.activates_at)
    assert [(each.key.kid, each.key.activates_at, each.pkcs8) for each in loaded] == [
        (each.key.kid, each.key.activates_at, each.pkcs8) for each in new_keys[:2]
    ]


async def test_one_of_two_successors_is_added(rings: list[KeyRing], new_keys: list[StoredKey]) -> None:
    """Of two keys that are added at once to follow the same key, one is added."""
    await rings[0].add(new_keys[0], follows=None)
    added = await asyncio.gather(
        *(ring.add(key, follows=new_keys[0].key.kid) for ring, key in zip(rings, new_keys[1:], strict=True))
    )
    assert sorted(added) == [False, True]
    assert len(await rings[0].load()) == 2


async def test_a_key_is_rescheduled_and_removed(rings: list[KeyRing], new_keys: list[StoredKey]) -> None:
    """A key is rescheduled if its time is the expected one, and a removed key is gone."""
    one, other = rings
    await one.add(new_keys[0], follows=None)
    await one.add(new_keys[1], follows=new_keys[0].key.kid)
    assert await other.reschedule(new_keys[1].key.kid, expected=NOW + 1_000, activates_at=NOW + 50)
    assert not await one.reschedule(new_keys[1].key.kid, expected=NOW + 1_000, activates_at=NOW + 60)
    assert {each.key.activates_at for each in await one.load()} == {NOW, NOW + 50}
    assert await one.remove(new_keys[0].key.kid)
    assert not await other.remove(new_keys[0].key.kid)
    assert [each.key.kid for each in await other.load()] == [new_keys[1].key.kid]


async def test_two_keys_cannot_have_one_activation_time(tmp_path: Path, new_keys: list[StoredKey]) -> None:
    """A key cannot be rescheduled to the time of another key, and both keys stay."""
    ring = DirectoryKeyRing(directory=tmp_path, passphrase=None)
    await ring.add(new_keys[0], follows=None)
    await ring.add(new_keys[1], follows=new_keys[0].key.kid)
    with pytest.raises(ConfigurationError, match="exists already"):
        await ring.reschedule(new_keys[1].key.kid, expected=NOW + 1_000, activates_at=NOW)
    assert {each.key.kid for each in await ring.load()} == {each.key.kid for each in new_keys[:2]}
    assert await ring.reschedule(new_keys[1].key.kid, expected=NOW + 1_000, activates_at=NOW + 1_000)


async def test_a_file_renamed_while_loading_is_not_missed(
    tmp_path: Path, new_keys: list[StoredKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is renamed while the others are read is neither missed nor an error."""
    ring, other = (DirectoryKeyRing(directory=tmp_path, passphrase=None) for _ in range(2))
    await ring.add(new_keys[0], follows=None)
    await ring.add(new_keys[1], follows=new_keys[0].key.kid)
    last = tmp_path / file_name(NOW + 1_000)
    read = DirectoryKeyRing._read

    def rename_and_read(self: DirectoryKeyRing, path: Path, version: Any) -> StoredKey:
        if last.exists():
            last.rename(last.with_name("2030-01-01T000000Z.pem"))
        return read(self, path, version)

    monkeypatch.setattr(DirectoryKeyRing, "_read", rename_and_read)
    assert {each.key.kid for each in await other.load()} == {each.key.kid for each in new_keys[:2]}


async def test_keys_are_encrypted_again(new_keys: list[StoredKey]) -> None:
    """After it only the new encryption key is needed, and a second call changes nothing."""
    repository = MemoryEncryptedKeyRepository()
    await SharedKeyRing(repository=repository, encryption=JoseKeyEncryption(KEY)).add(new_keys[0], follows=None)
    new = bytes(range(32))
    both = SharedKeyRing(repository=repository, encryption=JoseKeyEncryption(new, KEY))
    assert [await both.reencrypt(), await both.reencrypt()] == [1, 0]
    [loaded] = await SharedKeyRing(repository=repository, encryption=JoseKeyEncryption(new)).load()
    assert loaded == new_keys[0]
    with pytest.raises(ConfigurationError):
        await SharedKeyRing(repository=repository, encryption=JoseKeyEncryption(KEY)).load()


async def test_an_unfit_stored_key_is_refused(new_keys: list[StoredKey]) -> None:
    """A stored key that is no key, too small, or another key is refused, and the error names its kid."""
    encryption = JoseKeyEncryption(KEY)
    small = to_stored_key(generate_private_key(65537, 1024))  # noqa: S505  # that is the point
    for pkcs8 in (b"no key", small.pkcs8, new_keys[1].pkcs8):
        repository = MemoryEncryptedKeyRepository()
        await repository.add(EncryptedKey("kid-1", "", NOW, NOW, encryption.encrypt(pkcs8, kid="kid-1")))
        with pytest.raises(ConfigurationError, match="kid-1"):
            await SharedKeyRing(repository=repository, encryption=encryption).load()


async def test_a_damaged_key_takes_no_other_key_down(
    new_keys: list[StoredKey], caplog: pytest.LogCaptureFixture
) -> None:
    """A new instance gets the other keys, and the damaged one with its times and a fault that is logged once. An
    instance that has read the key before goes on with it. It can be removed.
    """
    repository, encryption = MemoryEncryptedKeyRepository(), JoseKeyEncryption(KEY)
    before, after = (SharedKeyRing(repository=repository, encryption=encryption) for _ in range(2))
    good, damaged = new_keys[:2]
    await before.add(good, follows=None)
    await before.add(damaged, follows=good.key.kid)
    assert await before.load() == [good, damaged]
    [_, stored] = await repository.list_keys()
    await repository.replace_encryption(stored.kid, expected=stored.encrypted, encrypted=stored.encrypted[:-9])
    assert await before.load() == [good, damaged]
    caplog.clear()
    for _ in range(2):
        found, unreadable = await after.load()
        assert found == good
        assert (unreadable.key, unreadable.pkcs8, unreadable.public_key) == (damaged.key, b"", b"")
        assert damaged.key.kid in unreadable.fault
    assert [each.fields for each in caplog.records] == [{"kid": damaged.key.kid}]  # type: ignore[attr-defined]  # our own
    assert await after.remove(damaged.key.kid)
    assert await after.load() == [good]


async def test_the_other_keys_are_encrypted_again_although_one_is_damaged(new_keys: list[StoredKey]) -> None:
    """The error names the damaged key, after the others were encrypted with the new key."""
    repository, encryption = MemoryEncryptedKeyRepository(), JoseKeyEncryption(KEY)
    for kid, follows in (("a", ""), ("b", "a")):
        await repository.add(EncryptedKey(kid, follows, NOW, NOW, encryption.encrypt(b"x", kid="c")))
    good = new_keys[0].key
    await repository.add(EncryptedKey(good.kid, "b", NOW, NOW, encryption.encrypt(new_keys[0].pkcs8, kid=good.kid)))
    new = JoseKeyEncryption(bytes(range(32)), KEY)
    with pytest.raises(ConfigurationError, match="key a is"):
        await SharedKeyRing(repository=repository, encryption=new).reencrypt()
    assert [new.is_current(each.encrypted) for each in await repository.list_keys()] == [False, False, True]


async def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path, new_keys: list[StoredKey]) -> None:
    """The error says that the directory cannot be changed."""
    place = tmp_path / "file"
    place.write_text("no directory")
    with pytest.raises(ConfigurationError, match="cannot be changed"):
        await DirectoryKeyRing(directory=place, passphrase=None).add(new_keys[0], follows=None)
