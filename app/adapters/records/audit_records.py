"""Audit records as records of a store."""

import json

from ...domain.audit.record import AuditRecord
from ...domain.identifiers import ClientId, SessionId, Subject
from .record import FORMAT, Fields, Record, UnreadableRecord, Value


def audit_record(event: AuditRecord) -> Record:
    """Return the record of an audit event. ``details`` is a JSON object in ASCII."""
    record: dict[str, Value] = {
        "format": FORMAT,
        "event_id": event.event_id,
        "at": event.at,
        "name": event.name,
        "request_id": event.request_id,
        "address": event.address,
        "details": json.dumps(dict(event.details)),
    }
    for name in ("session_id", "subject", "client_id"):
        if (value := getattr(event, name)) is not None:
            record[name] = value
    return record


def audit_record_of(record: Record) -> AuditRecord:
    """Return the audit event of a record; raises ``UnreadableRecord``."""
    fields = Fields(record)
    try:
        details = json.loads(fields.text("details"))
    except (RecursionError, ValueError) as error:
        raise UnreadableRecord("details: not JSON") from error
    if not isinstance(details, dict):
        raise UnreadableRecord("details: not a JSON object")
    session_id = fields.optional_octets("session_id")
    subject = fields.optional_text("subject")
    client_id = fields.optional_text("client_id")
    return AuditRecord(
        event_id=fields.text("event_id"),
        at=fields.time("at"),
        name=fields.text("name"),
        request_id=fields.text("request_id"),
        address=fields.text("address"),
        session_id=None if session_id is None else SessionId(session_id),
        subject=None if subject is None else Subject(subject),
        client_id=None if client_id is None else ClientId(client_id),
        details=details,
    )
