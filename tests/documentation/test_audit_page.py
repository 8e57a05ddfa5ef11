"""The page on the audit trail: its example, and its table of events."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, DummyCookieJar

from app.domain.audit import events
from app.domain.audit.events import AuditEvent
from app.domain.audit.record import event_name
from app.domain.sessions.session import RevocationReason
from tests.system.load import PASSWORD, USERNAME
from tests.system.processes import running
from tests.system.test_audit_trail import REUSE_EVENTS, Client, wait_until_stored

from .console import ROOT, examples

PAGE = (ROOT / "docs/audit.md").read_text()
_ABSTRACT = {"AuditEvent", "ClientChanged", "ClientEvent", "KeyEvent", "KeyScheduled", "SessionEvent", "UserEvent"}


def test_table_lists_all_events() -> None:
    """The table lists each event, and nothing else. The page names each revocation reason."""
    kinds: list[Any] = [
        each for each in vars(events).values() if isinstance(each, type) and issubclass(each, AuditEvent)
    ]
    table = "".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)`", table)) == {event_name(each) for each in kinds if each.__name__ not in _ABSTRACT}
    for reason in RevocationReason:
        assert f"`{reason.value}`" in PAGE


async def test_example_output_is_right(tmp_path: Path) -> None:
    """The command prints what the page shows."""
    database = {"DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db", "REPLAY_WINDOW": "0"}
    with running(tmp_path, {**database, "BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}) as service:
        async with ClientSession(cookie_jar=DummyCookieJar()) as session:
            client = Client(session, service.url)
            tokens = await client.sign_in()
            sid = await client.sid(tokens)
            second = await client.refresh(tokens["refresh_token"])
            await client.refresh(second["refresh_token"])
            await client.refresh(tokens["refresh_token"])
        wait_until_stored(tmp_path / "keyturn.db", *REUSE_EVENTS)
    [example] = examples("docs/audit.md")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SID": sid,
        "KEYTURN_DATABASE_URL": database["DATABASE_URL"],
    }
    command = example.command.replace("./scripts/keyturn", f"{sys.executable} -m app")
    printed = await asyncio.to_thread(
        subprocess.run,
        ["/bin/bash", "-c", command],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert example.prints(printed.stdout)
