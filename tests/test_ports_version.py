"""The version of the ports changes whenever a store that was complete no longer is."""

import ast
import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

import pytest

from app.ports.audit_record_repository import AuditRecordRepository
from app.ports.client_lookup import ClientLookup
from app.ports.client_repository import ClientRepository
from app.ports.database import Database
from app.ports.encrypted_key_repository import EncryptedKeyRepository
from app.ports.rate_limit_repository import RateLimitRepository
from app.ports.session_reader import SessionReader
from app.ports.session_repository import SessionRepository
from app.ports.session_store import SessionStore
from app.ports.session_sweeper import SessionSweeper
from app.ports.store_clock import StoreClock
from app.ports.user_repository import UserRepository
from app.ports.version import PORTS_VERSION
from app.service.foreign_store import METHODS_WITH_A_DEFAULT

_PORTS: Final[Mapping[str, type[Any]]] = {
    each.__name__: each
    for each in (
        SessionStore,
        Database,
        SessionRepository,
        SessionSweeper,
        SessionReader,
        EncryptedKeyRepository,
        RateLimitRepository,
        StoreClock,
        UserRepository,
        ClientLookup,
        ClientRepository,
        AuditRecordRepository,
    )
}

_REQUIRED: Final = """\
SessionStore: await_revocation(seconds) check() close() open() prepare() sessions
Database: clients users
SessionRepository: add(session) advance(session_id, expected_digest, new_digest, replaced, now, idle_expires_at)
    find(session_id) find_cut_off() list_crowded_subjects(more_than, after)
    list_live_sessions(subject, now, limit, after) list_revocations(moment, after)
    revoke(session_id, reason, now) revoke_excess(subject, limit, keep, reason, now)
    revoke_subject(subject, reason, now, keep)
    set_credential_version(session_id, expected_version, credential_version, now) set_cut_off(cut_off)
SessionSweeper: delete_ended(expired_before, revoked_before, limit) erase_replaced(rotated_before, limit)
    revoke_cut_off(limit)
SessionReader: read(session_id)
EncryptedKeyRepository: add(key) list_keys() remove(kid) replace_encryption(kid, expected, encrypted)
    reschedule(kid, expected, activates_at)
RateLimitRepository: delete_full(full_before, limit) give_back(limits, now) reset(keys) take(limits, now)
StoreClock: now()
UserRepository: add(user) change_password(subject, new, expected) delete(subject) find(subject)
    find_by_username(username) list_users(after, limit) replace_password_hash(subject, expected, new)
    set_disabled(subject, disabled) set_scope(subject, scope)
ClientLookup: find(client_id)
ClientRepository: add(client) list_clients(after, limit) remove(client_id)
    replace_secrets(client_id, expected, new)
AuditRecordRepository: append(records) delete_before(moment, limit) list_for_session(session_id, limit)
    list_for_subject(subject, names, since, until, limit) list_named(subject, name, limit)
    trim(subject, name, keep, limit)
"""
"""What version 1 requires: the members without a default, and the arguments of each."""


def test_each_version_requires_the_same() -> None:
    """A store that is complete for version 1 stays so: whoever changes this list raises ``PORTS_VERSION``, too."""
    assert PORTS_VERSION == 1
    assert {name: required(port) for name, port in _PORTS.items()} == listed()


@pytest.mark.parametrize("port", _PORTS.values(), ids=str)
def test_a_method_has_a_default_only_if_its_body_says_so(port: type[Any]) -> None:
    """The methods that may be left out are those whose body in the port is more than a docstring and an ellipsis."""
    [declared] = [each for each in ast.parse(inspect.getsource(port)).body if isinstance(each, ast.ClassDef)]
    methods = [each for each in declared.body if isinstance(each, ast.AsyncFunctionDef)]
    with_a_default = {each.name for each in methods if ast.unparse(each.body[-1]) != "..."}
    assert with_a_default == METHODS_WITH_A_DEFAULT & {each.name for each in methods}


def required(port: type[Any]) -> set[str]:
    """Return the members of a port that have no default, without those of its base."""
    methods = {name: each for name, each in vars(port).items() if inspect.iscoroutinefunction(each)}
    values = {name for name in vars(port).get("__annotations__", {}) if not hasattr(port, name)}
    return values | {
        f"{name}({', '.join(list(inspect.signature(each).parameters)[1:])})"
        for name, each in methods.items()
        if name not in METHODS_WITH_A_DEFAULT
    }


def listed() -> dict[str, set[str]]:
    """Return the members that the list has for each port."""
    ports = re.findall(r"^(\w+):(.*(?:\n    .*)*)", _REQUIRED, re.MULTILINE)
    return {port: set(re.findall(r"\w+(?:\([^)]*\))?", members)) for port, members in ports}
