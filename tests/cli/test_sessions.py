"""``keyturn sessions explain``: unknown sessions, and those that ended because there were too many."""

import asyncio
from pathlib import Path

import pytest

from app.cli import main
from app.cli.stores import opened_stores
from app.domain.identifiers import FIRST_PARTY, format_session_id
from app.domain.requester import Requester
from app.domain.scope import Scope
from app.service.settings import Settings


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
    environment = {"KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db"}
    assert main(["database", "upgrade"], environment) == 0
    capsys.readouterr()
    assert main(["sessions", "explain", sid], environment) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(message)


def test_a_session_beyond_the_limit_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence says that the user had too many sessions, and the events have the reason."""
    environment = {"KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db", "KEYTURN_SESSIONS_PER_USER": "2"}
    ended, *live = asyncio.run(_open_sessions(Settings.from_environment(environment), 3))
    assert main(["sessions", "explain", ended], environment) == 0
    sentence, *events = capsys.readouterr().out.splitlines()
    assert sentence.endswith(": its user had too many sessions, and this one was not refreshed for the longest time.")
    assert any("session_was_revoked" in line and "reason=too_many_sessions" in line for line in events)
    for sid in live:
        assert main(["sessions", "explain", sid], environment) == 0
        assert capsys.readouterr().out.startswith("The session is live")


async def _open_sessions(settings: Settings, count: int) -> list[str]:
    """Open sessions of one new user, and return their ids."""
    async with opened_stores(settings) as container:
        await container.key_lifecycle().load()
        user = await container.accounts().create("alice", "correct horse", scope=Scope.parse("account"))
        opened = [
            await container.session_opening().open_session(
                subject=user.subject,
                credential_version=user.credential_version,
                scope=user.scope,
                client_id=FIRST_PARTY,
                requester=Requester(),
            )
            for _ in range(count)
        ]
    return [format_session_id(each.session_id) for each in opened]
