"""The limits of the operating system, files, and a store of another package."""

import asyncio
import resource
from pathlib import Path

import pytest

from app.service.doctor import limits

from .examined import examined, texts


@pytest.mark.parametrize(
    ("most", "settings", "level", "part"),
    [
        (resource.RLIM_INFINITY, {}, "ok", "any number"),
        (20_000, {}, "ok", "19926 clients"),
        (20_000, {"CONNECTIONS_PER_ADDRESS": "30000"}, "warning", "KEYTURN_CONNECTIONS_PER_ADDRESS"),
        (256, {}, "warning", "182 clients at once"),
        (256, {"STORE_CONNECTIONS": "200"}, "fault", "lower KEYTURN_STORE_CONNECTIONS"),
    ],
)
async def test_open_files(
    monkeypatch: pytest.MonkeyPatch, most: int, settings: dict[str, str], level: str, part: str
) -> None:
    """The limit of open files is compared with the connections to stores and from clients."""
    monkeypatch.setattr("app.service.doctor.limits.resource.getrlimit", lambda _: (most, most))
    [(found, text)] = texts(await examined({"PORT": "0", **settings}), "open files")
    assert (found, part in text) == (level, True), text


@pytest.mark.parametrize(("mib", "level"), [(1_000, "ok"), (150, "warning"), (64, "fault")])
async def test_memory(monkeypatch: pytest.MonkeyPatch, mib: int, level: str) -> None:
    """The memory of a container is compared with what hashing and the workers need."""
    monkeypatch.setattr(limits, "_memory_limits", lambda: iter([mib * 1_048_576]))
    hashing = {"PASSWORD_HASH_MEMORY": "65536", "PASSWORD_HASH_THREADS": "2"}
    [(found, text)] = texts(await examined({"PORT": "0", **hashing}), "memory")
    assert found == level
    assert "need about 228 MiB" in text


def test_the_limit_of_a_control_group(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The smallest limit counts; "max" is none."""
    (tmp_path / "one").write_text("max\n")
    (tmp_path / "two").write_text("1048576\n")
    files = [tmp_path / "one", tmp_path / "two", tmp_path / "three"]
    monkeypatch.setattr(limits, "_control_group_files", lambda: iter(files))
    assert min(limits._memory_limits()) == 1_048_576


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret file that everybody can read is a warning. A folder of temporary files that cannot be written is a
    fault, if workers need it.
    """
    file = tmp_path / "passphrase"
    file.write_text("secret")
    file.chmod(0o644)
    found = asyncio.run(examined({"PORT": "0", "KEY_PASSPHRASE_FILE": str(file)}))
    assert texts(found, "secret files") == [
        (
            "warning",
            f"KEYTURN_KEY_PASSPHRASE_FILE: every user of this machine can access {file}; run: chmod 600 {file}.",
        )
    ]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    [(level, text)] = texts(
        asyncio.run(examined({"PORT": "0", "METRICS_PORT": "0", "WORKERS": "2"})), "temporary files"
    )
    assert (level, "TMPDIR" in text) == ("fault", True)


async def test_a_unix_socket(tmp_path: Path) -> None:
    """The warning of the start about clients that look the same is one of the doctor, which leaves no socket."""
    found = texts(await examined({"HOST": f"unix:{tmp_path}/keyturn.sock", "ISSUER": "https://id.example"}), "address")
    assert [level for level, _ in found] == ["warning", "ok"]
    assert found[0][1].endswith("set KEYTURN_TRUSTED_PROXIES=unix:.")
    assert not (tmp_path / "keyturn.sock").exists()


async def test_a_faulty_setting_does_not_hide_the_others() -> None:
    """Checks that need a setting without a value are skipped and name it; the others run."""
    found = await examined({"PORT": "loud", "DATABASE_URL": "mysql://127.0.0.1/keyturn"})
    assert texts(found, "address") == [("skipped", "Not checked: correct KEYTURN_PORT first.")]
    assert [level for level, _ in texts(found, "users")] == ["fault"]
    assert texts(found, "clock") == [("skipped", "Not checked: a store cannot be used.")]
