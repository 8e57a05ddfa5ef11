"""Audit records: audit events in the form in which a database stores them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Final

from ..identifiers import ClientId, SessionId, Subject
from .events import AuditEvent

MAX_TEXT_LENGTH: Final = 255
"""Characters of a text in an event; the rest is cut off."""

MAX_OF_SUBJECT: Final = 5_000
MAX_WITHOUT_SUBJECT: Final = 100_000
"""The most records of one name that are kept for each subject, and for all events without a subject together.

Each name has a bound of its own, so that no flood of failed logins or refreshes displaces a revocation.
"""

_COLUMNS: Final = frozenset({"at", "session_id", "subject", "client_id", "address"})
"""The fields of events that have a column of their own. All other fields are in ``details``."""

_WORD_START: Final = re.compile(r"(?<!^)(?=[A-Z])")

Detail = str | int | float | bool | None
"""The value of a field without a column of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One audit event as a row of a database.

    ``event_id`` is unique: an event that is written twice is stored once. ``at`` is in seconds since the epoch.
    ``request_id`` and ``address`` are those of the request, or "" without a request.
    """

    event_id: str
    at: float
    name: str
    request_id: str = ""
    address: str = ""
    session_id: SessionId | None = None
    subject: Subject | None = None
    client_id: ClientId | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)


@cache
def event_name(kind: Any) -> str:
    """Return the name of this type of event, such as ``login_succeeded``."""
    return _WORD_START.sub("_", kind.__name__).lower()


def event_names(kind: type[AuditEvent]) -> frozenset[str]:
    """Return the names of this type of event and of all its subclasses."""
    named: Any = kind
    return frozenset({event_name(named)}).union(*map(event_names, kind.__subclasses__()))


def to_record(event: AuditEvent, *, event_id: str, request_id: str, address: str) -> AuditRecord:
    """Return the record of ``event``. If the event has an address, it replaces the request's ``address``."""
    kind: Any = type(event)
    with_column, without_column = _split_field_names(kind)
    columns = {name: getattr(event, name) for name in with_column}
    details = {name: _cut(getattr(event, name)) for name in without_column}
    address = (columns.pop("address", "") or address)[:MAX_TEXT_LENGTH]
    return AuditRecord(
        event_id=event_id, name=event_name(kind), request_id=request_id, address=address, details=details, **columns
    )


@cache
def field_names(kind: Any) -> tuple[str, ...]:
    """Return the names of the fields of this type of event, in their order."""
    return tuple(each.name for each in fields(kind))


@cache
def _split_field_names(kind: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the fields that have a column of their own, and those of all others."""
    names = field_names(kind)
    return tuple(each for each in names if each in _COLUMNS), tuple(each for each in names if each not in _COLUMNS)


def _cut(value: Detail) -> Detail:
    return value[:MAX_TEXT_LENGTH] if isinstance(value, str) else value
