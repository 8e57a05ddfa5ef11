"""Creating a key file (`keys generate`)."""

import errno
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.adapters.keys.directory import DirectoryKeyRing, create_key_file
from app.adapters.keys.pem import read_private_key
from app.domain.errors import ConfigurationError

from .writing import PASSPHRASE

_MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Let this process create files that every user can read."""
    before = os.umask(0)
    yield
    os.umask(before)


def _create(directory: Path, passphrase: str | None = None) -> Path:
    return create_key_file(directory, bits=2048, passphrase=passphrase, activates_at=_MOMENT)


@pytest.mark.usefixtures("open_umask")
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    """Only the owner can read the file and the new directory, whatever the umask is."""
    path = _create(tmp_path / "keys")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
async def test_the_key_ring_reads_it(tmp_path: Path, passphrase: str | None) -> None:
    """The file is named for its time, and the key ring reads it with the same passphrase."""
    path = _create(tmp_path / "parent" / "keys", passphrase)
    assert path == tmp_path / "parent" / "keys" / "2026-03-01T120000Z.pem"
    (stored,) = await DirectoryKeyRing(directory=path.parent, passphrase=passphrase).load()
    assert stored.key.activates_at == _MOMENT


def test_a_passphrase_encrypts_it(tmp_path: Path) -> None:
    """With a passphrase the key in the file is encrypted."""
    assert _create(tmp_path, PASSPHRASE).read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")


def test_nothing_else_is_left_behind(tmp_path: Path) -> None:
    """The directory has only the key file."""
    path = _create(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    """An existing key of the same time is not changed, and the error names it."""
    path = _create(tmp_path)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=rf"{path} cannot be written: File exists"):
        _create(tmp_path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("act", ["fsync", "link", "open"])
def test_no_partial_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """A full disk at any step leaves no file, neither under the final name nor a partial one."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, act, fail)
    with pytest.raises(ConfigurationError, match="cannot be written: No space left on device"):
        _create(tmp_path)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_it_is_complete_when_it_appears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole key is written and flushed to the disk before the file gets its name."""
    events: list[str] = []
    fsync, link = os.fsync, os.link

    def watching_fsync(descriptor: int) -> None:
        events.append("fsync")
        fsync(descriptor)

    def watching_link(source: Path, target: Path, **options: Any) -> None:
        read_private_key(Path(source).read_bytes(), passphrase=None, source="unfinished")
        events.append("link")
        link(source, target, **options)

    monkeypatch.setattr(os, "fsync", watching_fsync)
    monkeypatch.setattr(os, "link", watching_link)
    _create(tmp_path)
    assert events[:2] == ["fsync", "link"]


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """If a file has the directory's name, the error names the key file."""
    (tmp_path / "file").write_bytes(b"")
    for directory in (tmp_path / "file", tmp_path / "file" / "keys"):
        with pytest.raises(ConfigurationError, match=rf"key file {directory}/.* cannot be written"):
            _create(directory)


def test_a_passphrase_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """OpenSSL takes at most 1,023 bytes. The error says so, without the passphrase."""
    with pytest.raises(ConfigurationError) as refusal:
        _create(tmp_path, PASSPHRASE * 100)
    assert PASSPHRASE not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []
