"""Secrets read from files."""

from pathlib import Path
from typing import Final

import pytest

from app.domain.errors import ConfigurationError
from app.service.settings import Settings

SECRET: Final = "hunter-two"  # noqa: S105  # a test's

NAME: Final = "KEYTURN_KEY_PASSPHRASE"


def passphrase(path: Path) -> str | None:
    """Return the passphrase that the file gives."""
    return Settings.from_environment({f"{NAME}_FILE": str(path)}).key_passphrase


def fault(environment: dict[str, str]) -> str:
    """Return what is said against this environment."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(environment)
    return str(caught.value)


@pytest.mark.parametrize("held", [SECRET, f"{SECRET}\n", f"{SECRET}\r\n", f" {SECRET} \n", f"{SECRET}\né\n"])
def test_it_is_what_the_file_holds(tmp_path: Path, held: str) -> None:
    """The secret is the file's text without the line end that editors add, and nothing else is cut."""
    file = tmp_path / "secret"
    file.write_bytes(held.encode())
    assert passphrase(file) == held.removesuffix("\n").removesuffix("\r")


@pytest.mark.parametrize("name", ["KEY_PASSPHRASE", "BOOTSTRAP_PASSWORD"])
def test_every_secret_has_a_file(tmp_path: Path, name: str) -> None:
    """Each secret can be given by its ``_FILE`` variable."""
    (tmp_path / "secret").write_text(SECRET)
    environment = {f"KEYTURN_{name}_FILE": str(tmp_path / "secret")}
    if name == "BOOTSTRAP_PASSWORD":
        environment["KEYTURN_BOOTSTRAP_USERNAME"] = "alice"
    assert getattr(Settings.from_environment(environment), name.lower()) == SECRET


def test_both_are_too_much(tmp_path: Path) -> None:
    """A secret that is given twice is refused, whichever was meant, and not told."""
    message = fault({NAME: SECRET, f"{NAME}_FILE": str(tmp_path / "secret")})
    assert message == f"{NAME}_FILE and {NAME}: give one of them only."


@pytest.mark.parametrize(
    ("held", "complaint"),
    [(None, "cannot be read: No such file"), (b"\xff" + SECRET.encode(), "is not UTF-8 text"), (b"\n", "not be empty")],
)
def test_a_file_that_holds_no_secret(tmp_path: Path, held: bytes | None, complaint: str) -> None:
    """A file that is missing, is not UTF-8 or is empty is refused, naming the variable; nothing of it is told."""
    file = tmp_path / "file"
    if held is not None:
        file.write_bytes(held)
    message = fault({f"{NAME}_FILE": str(file)})
    assert message.startswith(f"{NAME}_FILE: ")
    assert complaint in message
    assert SECRET not in message
