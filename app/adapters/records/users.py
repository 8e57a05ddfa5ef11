"""Users as records."""

from functools import lru_cache
from typing import Final

from ...domain.identifiers import Subject
from ...domain.login.user import User
from ...domain.scope import InvalidScope, Scope
from .record import FORMAT, Fields, Record, UnreadableRecord

_MAX_SCOPES: Final = 256


def user_record(user: User) -> Record:
    """Return the record of a user. It has the fields of ``User``; ``disabled`` is 0 or 1."""
    return {
        "format": FORMAT,
        "subject": user.subject,
        "username": user.username,
        "password_hash": user.password_hash,
        "scope": user.scope.text,
        "credential_version": user.credential_version,
        "disabled": int(user.disabled),
    }


def user_of(record: Record) -> User:
    """Return the user of a record; raises ``UnreadableRecord``."""
    fields = Fields(record)
    try:
        scope = _scope(fields.text("scope"))
    except InvalidScope as error:
        raise UnreadableRecord("scope: not a scope") from error
    return User(
        subject=Subject(fields.text("subject")),
        username=fields.text("username"),
        password_hash=fields.text("password_hash"),
        scope=scope,
        credential_version=fields.integer("credential_version"),
        disabled=bool(fields.integer("disabled")),
    )


@lru_cache(maxsize=_MAX_SCOPES)
def _scope(text: str) -> Scope:
    """Return a scope, of which many users have the same one."""
    return Scope.parse(text)
