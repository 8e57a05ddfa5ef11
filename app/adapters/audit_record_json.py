"""A kept event as JSON, for commands and the administrators' API."""

from typing import Annotated, NotRequired, TypedDict

from ..domain.audit.record import AuditRecord, Detail
from ..domain.identifiers import format_session_id


class EventEntry(TypedDict):
    """Something that happened; what does not apply is left out."""

    at: Annotated[float, "seconds since the epoch"]
    name: str
    request_id: NotRequired[str]
    address: NotRequired[str]
    sid: NotRequired[str]
    sub: NotRequired[str]
    client_id: NotRequired[str]
    details: Annotated[dict[str, Detail], "what this kind of event tells beside"]


def event_members(event: AuditRecord) -> EventEntry:
    """Return what is told of an event."""
    entry: EventEntry = {"at": event.at, "name": event.name, "details": dict(event.details)}
    if event.request_id:
        entry["request_id"] = event.request_id
    if event.address:
        entry["address"] = event.address
    if event.session_id is not None:
        entry["sid"] = format_session_id(event.session_id)
    if event.subject is not None:
        entry["sub"] = event.subject
    if event.client_id is not None:
        entry["client_id"] = event.client_id
    return entry
