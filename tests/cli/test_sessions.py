"""``keyturn sessions explain``: what it cannot explain."""

from pathlib import Path

import pytest

from app.cli import main


@pytest.mark.parametrize(
    ("sid", "complaint"),
    [
        ("AAAAAAAAAAAAAAAAAAAAAA", "Nothing is known of the session AAAAAAAAAAAAAAAAAAAAAA"),
        ("-AAAAAAAAAAAAAAAAAAAAA", "Nothing is known of the session -AAAAAAAAAAAAAAAAAAAAA"),
        ("short", "'short' is no session's id, which has 22 characters."),
        ("x\x1b[31m", "'x\\x1b[31m' is no session's id"),
    ],
)
def test_an_unknown_session_is_said(
    sid: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, whether it never was or is no id at all."""
    assert main(["sessions", "explain", sid], {"KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db"}) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(complaint)
