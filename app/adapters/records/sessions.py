"""Sessions as records."""

from ...domain.identifiers import ClientId, SessionId, Subject
from ...domain.scope import InvalidScope, Scope
from ...domain.sessions.replaced import ReplacedSecrets
from ...domain.sessions.session import RevocationReason, Session
from .. import session_audience
from .record import FORMAT, Fields, Record, UnreadableRecord, Value


def session_record(session: Session) -> Record:
    """Return the record of a session. It has the fields of ``Session``; ``replaced`` is ``ReplacedSecrets.packed``, and
    ``audience`` a JSON array, which is left out if it is empty.
    """
    record: dict[str, Value] = {
        "format": FORMAT,
        "session_id": session.session_id,
        "subject": session.subject,
        "client_id": session.client_id,
        "scope": session.scope.text,
        "credential_version": session.credential_version,
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "lineage_digest": session.lineage_digest,
        "secret_digest": session.secret_digest,
        "generation": session.generation,
        "rotated_at": session.rotated_at,
        "replaced": session.replaced.packed,
        "address": session.address,
        "device": session.device,
    }
    if session.audience:
        record["audience"] = session_audience.encode(session.audience)
    if session.idle_expires_at is not None:
        record["idle_expires_at"] = session.idle_expires_at
    if session.revoked_at is not None and session.revoked_because is not None:
        record["revoked_at"] = session.revoked_at
        record["revoked_because"] = session.revoked_because.value
    return record


def session_of(record: Record) -> Session:
    """Return the session of a record; raises ``UnreadableRecord``."""
    fields = Fields(record)
    reason = fields.optional_text("revoked_because")
    try:
        scope = Scope.parse(fields.text("scope"))
        audience = session_audience.decode(fields.optional_text("audience") or "")
        revoked_because = None if reason is None else RevocationReason(reason)
    except InvalidScope as error:
        raise UnreadableRecord("scope: not a scope") from error
    except ValueError as error:
        raise UnreadableRecord("a field has an unknown value") from error
    return Session(
        session_id=SessionId(fields.octets("session_id")),
        subject=Subject(fields.text("subject")),
        client_id=ClientId(fields.text("client_id")),
        scope=scope,
        credential_version=fields.integer("credential_version"),
        created_at=fields.time("created_at"),
        expires_at=fields.time("expires_at"),
        idle_expires_at=fields.optional_time("idle_expires_at"),
        lineage_digest=fields.octets("lineage_digest"),
        secret_digest=fields.octets("secret_digest"),
        generation=fields.integer("generation"),
        rotated_at=fields.time("rotated_at"),
        replaced=ReplacedSecrets(fields.octets("replaced")),
        address=fields.text("address"),
        device=fields.text("device"),
        audience=audience,
        revoked_at=fields.optional_time("revoked_at"),
        revoked_because=revoked_because,
    )
