"""The durability of a store: what is acknowledged survives a SIGKILL of the process that changed it."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple, cast

import pytest

from ..domain.sessions.session import Session
from ..ports.database import Database
from ..ports.session_store import SessionStore
from .client_repository import new_client
from .encrypted_key_repository import new_key
from .opened_stores import Maker, opened
from .sessions import LATER, NOW, advance, end_all, new_session, revoke, revoked, rotated
from .user_repository import new_user

_CUT_OFF: Final = int(NOW) - 1_000
_CHILD_SECONDS: Final = 45.0
_OTHER: Final = new_user(2).subject
_READ_BACK: Final = {
    "sessions.advance": (new_session(1), rotated(new_session(1))),
    "sessions.revoke": (new_session(2), revoked(new_session(2))),
    "sessions.set_credential_version": (new_session(3), new_session(3, credential_version=4)),
    "sessions.revoke_subject": (new_session(4, subject=_OTHER), revoked(new_session(4, subject=_OTHER))),
}
"""For each act on a session, the session before it and after it."""


class _Change(NamedTuple):
    name: str
    make: Callable[[SessionStore], Awaitable[Any]]
    read: Callable[[SessionStore], Awaitable[Any]]
    expected: object


class KilledProcess:
    """A change is durable when its method returns. An adapter overrides ``maker``."""

    pytestmark = pytest.mark.asyncio

    def maker(self) -> Maker:
        """Return a function that returns a new store over the storage of this test, which is empty and not prepared."""
        raise NotImplementedError

    async def test_acknowledged_changes_survive_a_sigkill(self) -> None:
        """A process makes a change of each kind at once, and gets SIGKILL when the last of them is acknowledged.
        Another process reads all of them.
        """
        maker = self.maker()
        await maker().prepare()
        async with opened(maker) as store:
            for before, _ in _READ_BACK.values():
                await store.sessions.add(before)
        exit_code = await asyncio.to_thread(_exit_code, maker)
        assert exit_code == -signal.SIGKILL, "an act failed in the process that makes the changes: see its traceback"
        async with opened(maker) as store:
            lost = [each.name for each in _changes(store) if await each.read(store) != each.expected]
        assert lost == [], (
            f"{', '.join(lost)} acknowledged a change before it was durable: after a SIGKILL of the process it is gone"
        )


def _changes(store: SessionStore) -> Sequence[_Change]:
    """Return a change of each kind that the store keeps, and how to read it back."""
    changes = [_of_session(name, before, after) for name, (before, after) in _READ_BACK.items()]
    added = new_session(5)
    changes += [
        _Change("sessions.add", lambda to: to.sessions.add(added), _finding(added), added),
        _Change(
            "sessions.set_cut_off",
            lambda to: to.sessions.set_cut_off(_CUT_OFF),
            lambda to: to.sessions.find_cut_off(),
            _CUT_OFF,
        ),
    ]
    if store.signing_keys is not None:
        changes.append(_Change("signing_keys.add", _add_key, _list_keys, [new_key()]))
    if hasattr(store, "users"):
        changes += [
            _Change("users.add", lambda to: _database(to).users.add(new_user()), _find_user, new_user()),
            _Change("clients.add", lambda to: _database(to).clients.add(new_client()), _find_client, new_client()),
        ]
    return changes


def _of_session(name: str, before: Session, after: Session) -> _Change:
    acts: dict[str, Callable[[SessionStore], Awaitable[Any]]] = {
        "sessions.advance": lambda to: advance(to.sessions, before),
        "sessions.revoke": lambda to: revoke(to.sessions, before),
        "sessions.set_credential_version": lambda to: to.sessions.set_credential_version(
            before.session_id, expected_version=3, credential_version=4, now=LATER
        ),
        "sessions.revoke_subject": lambda to: end_all(to.sessions, before.subject),
    }
    return _Change(name, acts[name], _finding(before), after)


def _finding(session: Session) -> Callable[[SessionStore], Awaitable[Any]]:
    return lambda store: store.sessions.find(session.session_id)


def _database(store: SessionStore) -> Database:
    return cast("Database", store)


async def _find_user(store: SessionStore) -> Any:
    return await _database(store).users.find(new_user().subject)


async def _find_client(store: SessionStore) -> Any:
    return await _database(store).clients.find(new_client().client_id)


async def _add_key(store: SessionStore) -> None:
    assert store.signing_keys is not None, "the store has no signing keys"
    await store.signing_keys.add(new_key())


async def _list_keys(store: SessionStore) -> Any:
    assert store.signing_keys is not None, "the store has no signing keys"
    return list(await store.signing_keys.list_keys())


def _exit_code(maker: Maker) -> int | None:
    """Make the changes in a process of their own; return its exit code."""
    process = multiprocessing.get_context("spawn").Process(target=_change_and_die, args=(maker,))
    process.start()
    process.join(_CHILD_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"an act did not end within {_CHILD_SECONDS:g} seconds in a process of its own")
    return process.exitcode


def _change_and_die(maker: Maker) -> None:
    async def change() -> None:
        async with opened(maker) as store:
            await asyncio.gather(*(each.make(store) for each in _changes(store)))
            os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(change())
