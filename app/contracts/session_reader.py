"""The contract of a session reader (``app.ports.session_reader``)."""

import asyncio
from dataclasses import replace
from typing import Any, Protocol

import pytest

from ..domain.identifiers import Subject
from ..domain.login.user import User
from ..domain.scope import Scope
from ..domain.sessions.session import Session
from ..ports.session_reader import SessionReader
from ..ports.session_repository import SessionRepository
from ..ports.user_repository import UserRepository
from .kit import Counts, RepositoryContract
from .sessions import LATER, NOW, advance, assert_same, new_session, revoke, revoked, rotated

READERS = 4
"""How many connections read while one writes."""


class ReadDatabase(Protocol):
    """The parts of a ``Database`` that this contract needs."""

    @property
    def session_reader(self) -> SessionReader:
        """The reader under test."""

    @property
    def sessions(self) -> SessionRepository:
        """The sessions that it reads."""

    @property
    def users(self) -> UserRepository:
        """The users that it reads."""


def new_user(**changes: Any) -> User:
    """Return the user of the session that ``new_session()`` returns."""
    user = User(
        subject=new_session().subject,
        username="alice",
        password_hash="hash",  # noqa: S106  # no password
        scope=Scope.parse("account"),
        credential_version=3,
    )
    return replace(user, **changes)


class SessionReaderContract(RepositoryContract[ReadDatabase]):
    """A reader answers what two reads would. An adapter's ``connections`` returns its databases."""

    async def test_session_and_version_are_read(self, repository: ReadDatabase) -> None:
        """The session has all its fields, and the version is that of its user."""
        session = rotated(new_session())
        await _add(repository, session, new_user())
        await repository.users.add(new_user(subject=Subject("another"), username="bob", credential_version=8))
        found, version = await repository.session_reader.read(session.session_id)
        assert_same(found, session)
        assert (version, type(version)) == (3, int), (
            "read did not return the credential version of the session's user as a number"
        )

    async def test_unknown_session_is_not_found(self, repository: ReadDatabase) -> None:
        """Neither a session nor a version is returned, although another session has a user."""
        await _add(repository, new_session(), new_user())
        assert await repository.session_reader.read(new_session(2).session_id) == (None, None), (
            "read returned something for an unknown session"
        )

    @pytest.mark.parametrize("user", [new_user(disabled=True), new_user(subject=Subject("another"))])
    async def test_user_who_cannot_sign_in_has_no_version(self, repository: ReadDatabase, user: User) -> None:
        """The session of a disabled or unknown user is found, without a version."""
        session = new_session()
        await _add(repository, session, user)
        assert await repository.session_reader.read(session.session_id) == (session, None), (
            "read returned a version for a user who cannot sign in, or not the session"
        )

    @pytest.mark.parametrize("cut_off", [int(NOW) - 1, int(NOW)])
    async def test_cut_off_ends_the_session(self, repository: ReadDatabase, cut_off: int) -> None:
        """The session is returned as the cut-off leaves it."""
        session = new_session()
        await _add(repository, session, new_user())
        await repository.sessions.set_cut_off(cut_off)
        assert await repository.session_reader.read(session.session_id) == (session.ended_by(cut_off), 3), (
            "read did not return the session as the cut-off leaves it"
        )

    async def test_changes_of_other_connections_are_read(self) -> None:
        """A rotation, a new password, a revocation and a disabled user are seen by the next read."""
        reading, writing = await self.connections(2)
        session = new_session()
        await _add(writing, session, new_user())

        async def read() -> tuple[Session | None, int | None]:
            return await reading.session_reader.read(session.session_id)

        assert await read() == (session, 3), "read did not return what another connection has added"
        assert await advance(writing.sessions, session), "advance refused a session that can rotate"
        session = rotated(session)
        assert await read() == (session, 3), (
            "read does not see the rotation of another connection: a cache keeps the old session"
        )
        await writing.users.change_password(session.subject, new="a new hash", expected=None)
        assert await read() == (session, 4), (
            "read does not see the new credential version of another connection: a cache keeps the old one"
        )
        assert await revoke(writing.sessions, session), "revoke returned False for a live session"
        session = revoked(session)
        assert await read() == (session, 4), (
            "read does not see the revocation of another connection: a cache keeps the session"
        )
        await writing.users.set_disabled(session.subject, disabled=True)
        assert await read() == (session, None), "read does not see that another connection has disabled the user"

    async def test_version_is_never_older_than_the_session(self, proof: Counts) -> None:
        """While passwords change, no reader sees a session with a later version than that of its user."""
        writing, *reading = await self.connections(1 + READERS)
        session = new_session(credential_version=0)
        await _add(writing, session, new_user(credential_version=0))
        done = asyncio.Event()
        readers = [asyncio.create_task(_assert_in_order(each.session_reader, session, done)) for each in reading]
        try:
            for version in range(proof.count("password changes", small=30, full=1_000)):
                await writing.users.change_password(session.subject, new=f"hash {version}", expected=None)
                assert await writing.sessions.set_credential_version(
                    session.session_id, expected_version=version, credential_version=version + 1, now=LATER
                ), "set_credential_version refused the stored version"
        finally:
            done.set()
            await asyncio.gather(*readers)


async def _add(database: ReadDatabase, session: Session, user: User) -> None:
    await database.sessions.add(session)
    await database.users.add(user)


async def _assert_in_order(reader: SessionReader, session: Session, done: asyncio.Event) -> None:
    while not done.is_set():
        found, version = await reader.read(session.session_id)
        assert found is not None, "read did not return a session that is stored"
        assert version is not None, "read did not return the version of a user who can sign in"
        assert found.credential_version <= version, "the version was read before the session"
        await asyncio.sleep(0)
