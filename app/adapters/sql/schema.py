"""The tables. Times are in seconds since the epoch, except ``due``. Text is compared and ordered by code points."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

METADATA: Final = MetaData()


def _text() -> Text:
    """Return a type of text that is compared by code points. PostgreSQL needs the collation C for that."""
    return Text().with_variant(Text(collation="C"), "postgresql")


def _partial_index(name: str, *columns: Column[Any], where: str) -> None:
    """Make an index that has only the rows for which ``where`` is true."""
    Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("session_id", LargeBinary, primary_key=True),
    Column("subject", _text(), nullable=False),
    Column("client_id", _text(), nullable=False),
    Column("scope", _text(), nullable=False),
    Column("credential_version", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("idle_expires_at", Double),
    Column("ends_at", Double, nullable=False),
    Column("lineage_digest", LargeBinary, nullable=False),
    Column("secret_digest", LargeBinary, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("rotated_at", Double, nullable=False),
    Column("replaced", LargeBinary),  # ReplacedSecrets.packed
    Column("salt", LargeBinary),  # of the last rotation; the previous version reads only this
    Column("address", _text(), nullable=False),
    Column("device", _text(), nullable=False),
    Column("audience", _text()),  # session_audience.encode; null if the sign-in did not narrow it
    Column("revoked_at", Double),
    Column("revoked_because", _text()),
    # Free space on each page, so that the new version of a rotated row stays on its page.
    postgresql_with={"fillfactor": 75},
)

Index("sessions_by_end", SESSIONS.c.ends_at)
_partial_index("sessions_unrevoked_of_subject", SESSIONS.c.subject, SESSIONS.c.created_at, where="revoked_at IS NULL")
# The second condition keeps this index away from statements that do not name it. See session_rows.NOT_REVOKED.
_partial_index("sessions_unrevoked", SESSIONS.c.created_at, where="revoked_at IS NULL AND revoked_because IS NULL")
# It has all that a page of revocations needs, so that no row is read for it.
_partial_index(
    "sessions_revoked_in_order",
    SESSIONS.c.revoked_at,
    SESSIONS.c.session_id,
    SESSIONS.c.created_at,
    where="revoked_at IS NOT NULL",
)
_partial_index("sessions_with_replaced", SESSIONS.c.rotated_at, where="replaced IS NOT NULL OR salt IS NOT NULL")

SESSION_CUT_OFF: Final = Table(  # at most one row: sessions that began in or before this second have ended
    "session_cut_off",
    METADATA,
    Column("entry", Integer, CheckConstraint("entry = 1"), primary_key=True, autoincrement=False),
    Column("cut_off", BigInteger, nullable=False),
)

USERS: Final = Table(
    "users",
    METADATA,
    Column("subject", _text(), primary_key=True),
    Column("username", _text(), nullable=False, unique=True),
    Column("password_hash", _text(), nullable=False),
    Column("scope", _text(), nullable=False),
    Column("credential_version", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

CLIENTS: Final = Table(
    "clients",
    METADATA,
    Column("client_id", _text(), primary_key=True),
    Column("method", _text(), nullable=False),
    Column("grants", _text(), nullable=False),
    Column("scope", _text(), nullable=False),
    Column("audiences", _text(), nullable=False),
    Column("introspects", _text(), nullable=False),
    Column("secrets", _text(), nullable=False),
    Column("jwks", _text()),
)

SIGNING_KEYS: Final = Table(
    "signing_keys",
    METADATA,
    Column("kid", _text(), primary_key=True),
    Column("follows", _text(), nullable=False, unique=True),
    Column("published_at", Double, nullable=False),
    Column("activates_at", Double, nullable=False),
    Column("sealed", _text(), nullable=False),
)

AUDIT_RECORDS: Final = Table(
    "audit_events",
    METADATA,
    Column("event_id", _text(), primary_key=True),
    Column("at", Double, nullable=False),
    Column("name", _text(), nullable=False),
    Column("request_id", _text(), nullable=False),
    Column("address", _text(), nullable=False),
    Column("session_id", LargeBinary),
    Column("subject", _text()),
    Column("client_id", _text()),
    Column("details", _text(), nullable=False),
)

Index("audit_events_of_session", AUDIT_RECORDS.c.session_id)
Index("audit_events_of_subject", AUDIT_RECORDS.c.subject, AUDIT_RECORDS.c.name, AUDIT_RECORDS.c.at)
Index("audit_events_by_time", AUDIT_RECORDS.c.at)


RATE_LIMITS: Final = Table(  # "due" is when the rate limit is full again, in microseconds since the epoch
    "budgets",
    METADATA,
    Column("budget_key", LargeBinary, primary_key=True),
    Column("due", BigInteger, nullable=False),
)

Index("budgets_by_due", RATE_LIMITS.c.due)


def storable_start(after: str) -> str:
    """Return a storable text after which the same stored texts come. No stored text has a zero byte, so none comes
    between a text with one and its part before it.
    """
    return after.partition("\0")[0]


def is_storable(value: str) -> bool:
    """Return whether the tables can store a text: it has no zero byte and no half of a surrogate pair."""
    return "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
