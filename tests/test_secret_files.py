"""Secrets read from files."""

from pathlib import Path
from typing import Final

import pytest

from app.domain.errors import ConfigurationError
from app.service.settings import Settings

SECRET: Final = "hunter-two"  # noqa: S105  # a test's

NAME: Final = "KEYTURN_KEY_PASSPHRASE"


def passphrase(path: Path) -> str | None:
    """Return the passphrase from a file with this content."""
    return Settings.from_environment({f"{NAME}_FILE": str(path)}).key_passphrase


def fault(environment: dict[str, str]) -> str:
    """Return the error for this environment."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(environment)
    return str(caught.value)


@pytest.mark.parametrize("held", [SECRET, f"{SECRET}\n", f"{SECRET}\r\n", f" {SECRET} \n", f"{SECRET}\né\n"])
def test_a_secret_is_the_text_of_its_file(tmp_path: Path, held: str) -> None:
    """The secret is the text of the file without the line end that editors add."""
    file = tmp_path / "secret"
    file.write_bytes(held.encode())
    assert passphrase(file) == held.removesuffix("\n").removesuffix("\r")


def test_a_byte_order_mark_is_no_part_of_a_secret(tmp_path: Path) -> None:
    """The mark that an editor puts at the begin of a file is left out, and one within the text stays."""
    file = tmp_path / "secret"
    file.write_bytes(f"\ufeff{SECRET}\ufeff\r\n".encode())
    assert passphrase(file) == f"{SECRET}\ufeff"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_a_file_of_another_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    """A file in UTF-16, as some shells of Windows write it, is refused with or without its mark."""
    file = tmp_path / "secret"
    file.write_bytes(SECRET.encode(encoding))
    assert fault({f"{NAME}_FILE": str(file)}) == f"{NAME}_FILE: {str(file)!r} is not UTF-8 text."


def test_a_name_after_a_byte_order_mark_is_refused() -> None:
    """The first variable of a file that begins with a byte order mark is not left out silently."""
    found = fault({"\ufeffKEYTURN_PORT": "8081"})
    assert found.startswith("KEYTURN_PORT: a byte order mark is before this name")


@pytest.mark.parametrize("name", ["KEY_PASSPHRASE", "BOOTSTRAP_PASSWORD"])
def test_every_secret_has_a_file(tmp_path: Path, name: str) -> None:
    """Each secret can be given by its ``_FILE`` variable."""
    (tmp_path / "secret").write_text(SECRET)
    environment = {f"KEYTURN_{name}_FILE": str(tmp_path / "secret")}
    if name == "BOOTSTRAP_PASSWORD":
        environment["KEYTURN_BOOTSTRAP_USERNAME"] = "alice"
    assert getattr(Settings.from_environment(environment), name.lower()) == SECRET


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    """A secret with both variables is refused, and the error does not show it."""
    message = fault({NAME: SECRET, f"{NAME}_FILE": str(tmp_path / "secret")})
    assert message == f"{NAME}_FILE and {NAME}: give one of them only."


@pytest.mark.parametrize(
    ("held", "complaint"),
    [(None, "cannot be read: No such file"), (b"\xff" + SECRET.encode(), "is not UTF-8 text"), (b"\n", "not be empty")],
)
def test_an_unusable_file_is_refused(tmp_path: Path, held: bytes | None, complaint: str) -> None:
    """A file that is missing, empty or not UTF-8 is refused; the error names the variable, and shows nothing of the
    file.
    """
    file = tmp_path / "file"
    if held is not None:
        file.write_bytes(held)
    message = fault({f"{NAME}_FILE": str(file)})
    assert message.startswith(f"{NAME}_FILE: ")
    assert complaint in message
    assert SECRET not in message
