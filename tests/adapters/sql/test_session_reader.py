"""The read of a session and of its user in one statement."""

from dataclasses import replace

import pytest

from app.adapters.sql.store import SqlStore
from app.contracts.sessions import NOW, new_session, rotated
from app.domain.identifiers import Subject
from app.domain.login.user import User
from app.domain.scope import Scope
from app.domain.sessions.separate_reads import SeparateReads
from app.ports.session_store import StoreOptions
from app.service.open_stores import opened

SESSION = rotated(new_session())
USER = User(
    subject=SESSION.subject,
    username="alice",
    password_hash="hash",  # noqa: S106  # no password
    scope=Scope.parse("account"),
    credential_version=3,
)

USERS = {
    "enabled": USER,
    "disabled": replace(USER, disabled=True),
    "another": replace(USER, subject=Subject("another")),
}


@pytest.mark.parametrize("cut_off", [None, int(NOW) - 1, int(NOW)], ids=["no cut-off", "before", "after"])
@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
async def test_one_statement_reads_what_two_read(shared_url: str, user: User, cut_off: int | None) -> None:
    """The session and the version are the same as with a read of each."""
    store = SqlStore(shared_url, StoreOptions(timeout=20.0))
    async with opened([store]):
        await store.sessions.add(SESSION)
        await store.users.add(user)
        if cut_off is not None:
            await store.sessions.set_cut_off(cut_off)
        separate = SeparateReads(sessions=store.sessions, users=store.users)
        for session_id in (SESSION.session_id, new_session(2).session_id):
            assert await store.session_reader.read(session_id) == await separate.read(session_id)
