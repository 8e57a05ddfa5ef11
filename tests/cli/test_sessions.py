"""``keyturn sessions explain``: unknown sessions."""

from pathlib import Path

import pytest

from app.cli import main


@pytest.mark.parametrize(
    ("sid", "message"),
    [
        ("AAAAAAAAAAAAAAAAAAAAAA", "Nothing is known of the session AAAAAAAAAAAAAAAAAAAAAA"),
        ("-AAAAAAAAAAAAAAAAAAAAA", "Nothing is known of the session -AAAAAAAAAAAAAAAAAAAAA"),
        ("short", "'short' is not a session id, which has 22 characters."),
        ("x\x1b[31m", "'x\\x1b[31m' is not a session id"),
    ],
)
def test_an_unknown_session_is_reported(
    sid: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says that the session is unknown or that the text is no session id."""
    assert main(["sessions", "explain", sid], {"KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db"}) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(message)
