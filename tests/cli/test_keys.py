"""``keyturn keys generate``."""

import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.adapters.keys.directory import DirectoryKeyRing
from app.cli import main
from app.domain.keys.signing_key import active_key


def generate(directory: Path, **settings: str) -> int:
    """Run the command and return its exit status."""
    return main(["keys", "generate", str(directory)], {f"KEYTURN_{name}": value for name, value in settings.items()})


def time_in_name(path: Path) -> float:
    """Return the time in the name of the file."""
    return datetime.strptime(path.name, "%Y-%m-%dT%H%M%SZ.pem").replace(tzinfo=UTC).timestamp()


def test_the_first_key_signs_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first key of a directory is active; the command prints its path and the setting to use it."""
    assert generate(tmp_path / "new" / "keys") == 0
    (path,) = (tmp_path / "new" / "keys").iterdir()
    assert time_in_name(path) <= time.time()
    printed = capsys.readouterr().out
    assert str(path) in printed
    assert f"KEYTURN_KEYS_DIR={path.parent}" in printed


def test_the_next_key_is_pending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A further key signs after the cache lifetime of the JWK Set, the leeway, and the 5 seconds in which instances
    load it.
    """
    generate(tmp_path)
    (first,) = tmp_path.iterdir()
    begun = int(time.time())
    assert generate(tmp_path, JWKS_MAX_AGE="1h", CLOCK_LEEWAY="20s") == 0
    (second,) = set(tmp_path.iterdir()) - {first}
    assert begun + 3_625 <= time_in_name(second) <= time.time() + 3_625
    printed_time = datetime.fromtimestamp(time_in_name(second), UTC).isoformat()
    assert f"{second} signs from {printed_time} on" in capsys.readouterr().out


async def test_the_service_reads_the_keys(tmp_path: Path) -> None:
    """The service finds the keys in the directory, and signs with the first one."""
    generate(tmp_path)
    generate(tmp_path)
    stored = await DirectoryKeyRing(directory=tmp_path, passphrase=None).load()
    keys = sorted((each.key for each in stored), key=lambda key: key.activates_at)
    assert len(keys) == 2
    assert active_key(keys, time.time()) == keys[0]


def test_only_the_owner_can_read_the_key(tmp_path: Path) -> None:
    """Only the owner has access to the new directory and file; there is no other file."""
    generate(tmp_path / "keys")
    (path,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_settings_apply(tmp_path: Path) -> None:
    """The key has the size and the passphrase of the settings."""
    generate(tmp_path, KEY_SIZE="3072", KEY_PASSPHRASE="open sesame")  # noqa: S106  # a test's
    (path,) = tmp_path.iterdir()
    key = load_pem_private_key(path.read_bytes(), password=b"open sesame")
    assert isinstance(key, RSAPrivateKey)
    assert key.key_size == 3_072


def test_an_unusable_directory_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path that is no directory is reported in one line on standard error, with exit status 1."""
    (tmp_path / "keys").touch()
    assert generate(tmp_path / "keys") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert str(tmp_path / "keys") in captured.err
