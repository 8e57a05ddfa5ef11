"""One act of each method of a store's repositories, to see what all of them do when the storage fails."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, cast

from ..domain.sessions.session import RevocationReason, Session
from ..ports.database import Database
from ..ports.session_store import SessionStore
from .audit_record_repository import SESSION, new_record
from .client_repository import NEWER, new_client
from .encrypted_key_repository import new_key
from .rate_limit_repository import THREE, key
from .sessions import ALL, LATER, NEVER, NOW, SUBJECT, advance, end_all, limit_to, new_session
from .user_repository import new_user

Act = Callable[[], Awaitable[Any]]

_EARLY = int(NOW) - 1_000
"""A cut-off before every session of the tests."""


def acts_of(store: SessionStore, session: Session) -> Mapping[str, Act]:
    """Return an act of each method by its name, such as ``sessions.find``. They use ``session``, which is stored, and
    whatever else the store keeps.
    """
    return dict(_all(store, session))


def _all(store: SessionStore, session: Session) -> Iterator[tuple[str, Act]]:
    yield from _reads(store, session)
    yield from _changes(store, session)
    if store.sweeper is not None:
        yield from _sweeps(store)
    if store.signing_keys is not None:
        yield from _keys(store)
    if store.rate_limits is not None:
        yield from _limits(store)
    if getattr(store, "clock", None) is not None:
        yield "clock.now", cast("Any", store).clock.now
    if hasattr(store, "users"):
        yield from _of_users(cast("Database", store), session)
    yield "check", store.check


def _reads(store: SessionStore, session: Session) -> Iterator[tuple[str, Act]]:
    sessions = store.sessions
    yield "sessions.find", lambda: sessions.find(session.session_id)
    yield "sessions.list_live_sessions", lambda: sessions.list_live_sessions(SUBJECT, now=LATER, limit=ALL)
    yield "sessions.list_revocations", lambda: sessions.list_revocations(NEVER)
    yield "sessions.list_crowded_subjects", lambda: sessions.list_crowded_subjects(more_than=1, after="")
    yield "sessions.find_cut_off", sessions.find_cut_off


def _changes(store: SessionStore, session: Session) -> Iterator[tuple[str, Act]]:
    sessions, session_id = store.sessions, session.session_id
    yield "sessions.add", lambda: sessions.add(new_session(999_999))
    yield "sessions.advance", lambda: advance(sessions, session)
    yield (
        "sessions.set_credential_version",
        lambda: sessions.set_credential_version(session_id, expected_version=3, credential_version=4, now=LATER),
    )
    yield "sessions.set_cut_off", lambda: sessions.set_cut_off(_EARLY)
    yield "sessions.revoke_excess", lambda: limit_to(sessions, 1)
    yield "sessions.revoke", lambda: sessions.revoke(session_id, reason=RevocationReason.LOGOUT, now=LATER)
    yield "sessions.revoke_subject", lambda: end_all(sessions)


def _sweeps(store: SessionStore) -> Iterator[tuple[str, Act]]:
    sweeper = store.sweeper
    assert sweeper is not None, "the store has no sweeper"
    yield "sweeper.erase_replaced", lambda: sweeper.erase_replaced(rotated_before=2 * NOW, limit=ALL)
    yield "sweeper.revoke_cut_off", lambda: sweeper.revoke_cut_off(limit=ALL)
    yield (
        "sweeper.delete_ended",
        lambda: sweeper.delete_ended(expired_before=2 * NOW, revoked_before=2 * NOW, limit=ALL),
    )


def _keys(store: SessionStore) -> Iterator[tuple[str, Act]]:
    keys, kid = store.signing_keys, new_key().kid
    assert keys is not None, "the store has no signing keys"
    yield "signing_keys.list_keys", keys.list_keys
    yield "signing_keys.add", lambda: keys.add(new_key())
    yield "signing_keys.reschedule", lambda: keys.reschedule(kid, expected=new_key().activates_at, activates_at=5.5)
    yield (
        "signing_keys.replace_encryption",
        lambda: keys.replace_encryption(kid, expected=new_key().encrypted, encrypted="new"),
    )
    yield "signing_keys.remove", lambda: keys.remove(kid)


def _limits(store: SessionStore) -> Iterator[tuple[str, Act]]:
    limits = store.rate_limits
    assert limits is not None, "the store has no rate limits"
    yield "rate_limits.take", lambda: limits.take({key(1): THREE}, now=NOW)
    yield "rate_limits.give_back", lambda: limits.give_back({key(1): THREE}, now=NOW)
    yield "rate_limits.reset", lambda: limits.reset([key(1)])
    yield "rate_limits.delete_full", lambda: limits.delete_full(full_before=NOW, limit=ALL)


def _of_users(database: Database, session: Session) -> Iterator[tuple[str, Act]]:
    users, clients, records = database.users, database.clients, database.audit_records
    user, client = new_user(), new_client()
    hashed = user.password_hash
    yield "users.add", lambda: users.add(user)
    yield "users.find", lambda: users.find(user.subject)
    yield "users.find_by_username", lambda: users.find_by_username(user.username)
    yield "users.list_users", lambda: users.list_users(after="", limit=ALL)
    yield "users.replace_password_hash", lambda: users.replace_password_hash(user.subject, expected=hashed, new="new")
    yield "users.change_password", lambda: users.change_password(user.subject, new="newer", expected=None)
    yield "users.set_disabled", lambda: users.set_disabled(user.subject, disabled=True)
    yield "users.set_scope", lambda: users.set_scope(user.subject, scope=user.scope)
    yield "users.delete", lambda: users.delete(user.subject)
    yield "clients.add", lambda: clients.add(client)
    yield "clients.find", lambda: clients.find(client.client_id)
    yield "clients.list_clients", lambda: clients.list_clients(after="", limit=ALL)
    yield (
        "clients.replace_secrets",
        lambda: clients.replace_secrets(client.client_id, expected=client.secrets, new=NEWER),
    )
    yield "clients.remove", lambda: clients.remove(client.client_id)
    reader = database.session_reader
    if reader is not None:
        yield "session_reader.read", lambda: reader.read(session.session_id)
    if records is not None:
        yield "audit_records.append", lambda: records.append([new_record()])
        yield "audit_records.list_for_session", lambda: records.list_for_session(SESSION, limit=ALL)
        yield "audit_records.delete_before", lambda: records.delete_before(NOW, limit=ALL)
        yield "audit_records.trim", lambda: records.trim(None, "token_refreshed", keep=1, limit=ALL)
