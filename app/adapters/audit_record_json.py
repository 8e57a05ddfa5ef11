"""Audit records as JSON, for the command line and the admin API."""

from typing import Annotated, NotRequired, TypedDict

from ..domain.audit.record import AuditRecord, Detail
from ..domain.identifiers import format_session_id


class EventEntry(TypedDict):
    """An audit record. Members that do not apply are left out."""

    at: Annotated[float, "Seconds since the epoch."]
    name: str
    request_id: NotRequired[str]
    address: NotRequired[str]
    sid: NotRequired[str]
    sub: NotRequired[str]
    client_id: NotRequired[str]
    details: Annotated[dict[str, Detail], "The members that only this kind of event has."]


def describe_record(record: AuditRecord) -> EventEntry:
    """Return an audit record as a JSON object."""
    entry: EventEntry = {"at": record.at, "name": record.name, "details": dict(record.details)}
    if record.request_id:
        entry["request_id"] = record.request_id
    if record.address:
        entry["address"] = record.address
    if record.session_id is not None:
        entry["sid"] = format_session_id(record.session_id)
    if record.subject is not None:
        entry["sub"] = record.subject
    if record.client_id is not None:
        entry["client_id"] = record.client_id
    return entry
