"""An audit event as it is kept: what every event has in columns of its own, and the rest beside."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Final

from ..identifiers import ClientId, SessionId, Subject
from .events import AuditEvent

MOST_CHARACTERS: Final = 255
"""Of a text in an event."""

_COMMON: Final = frozenset({"at", "session_id", "subject", "client_id", "address"})
_WORD_START: Final = re.compile(r"(?<!^)(?=[A-Z])")

Detail = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """``event_id`` is random, so that an event that is written twice is kept once; ``at`` is in seconds since the
    epoch. ``request_id`` and ``address`` are those of the request in which it happened, "" where there was none.
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
    """Return what events of this type are called, such as ``login_succeeded``."""
    return _WORD_START.sub("_", kind.__name__).lower()


def names_of(kind: type[AuditEvent]) -> frozenset[str]:
    """Return what events of this type, and of all types derived from it, are called."""
    named: Any = kind
    return frozenset({event_name(named)}).union(*map(names_of, kind.__subclasses__()))


def kept(event: AuditEvent, *, event_id: str, request_id: str, address: str) -> AuditRecord:
    """Return ``event`` as it is kept; an address of its own goes before that of the request."""
    kind: Any = type(event)
    common = {name: getattr(event, name) for name in _names(kind) if name in _COMMON}
    details = {name: _detail(getattr(event, name)) for name in _names(kind) if name not in _COMMON}
    own_address = str(common.pop("address", "") or address)[:MOST_CHARACTERS]
    return AuditRecord(
        event_id=event_id, name=event_name(kind), request_id=request_id, address=own_address, details=details, **common
    )


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _detail(value: object) -> Detail:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:MOST_CHARACTERS]
