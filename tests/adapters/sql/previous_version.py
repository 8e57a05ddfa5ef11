"""The previous version of the SQL adapter: its statements as SQLAlchemy compiled them, and its rules.

It worked with the schema of revision 0005. It keeps the salt of the last rotation alone, and knows no cut-off.
"""

from typing import Any, Final

from alembic import command
from sqlalchemy import Connection, text

from app.adapters.sql.database_url import DatabaseUrl
from app.adapters.sql.engine import run_in_transaction
from app.adapters.sql.migration import _config
from app.adapters.sql.statements import Statements
from app.domain.sessions import ratchet
from app.domain.sessions.ratchet import RefreshToken
from app.domain.sessions.session import Session
from app.ports.session_store import StoreOptions
from app.testing.system import FakeRandomness

WINDOW: Final = 30
"""Seconds. The replay window of the previous version."""

SALT_LIFETIME: Final = 60
"""Seconds. The previous version erases a salt after its window and the leeway."""

_INSERT: Final = text(
    "INSERT INTO sessions (session_id, subject, client_id, scope, credential_version, created_at, expires_at,"
    " idle_expires_at, ends_at, lineage_digest, secret_digest, generation, rotated_at, salt, address, device,"
    " revoked_at, revoked_because) VALUES (:session_id, :subject, :client_id, :scope, :credential_version, :created_at,"
    " :expires_at, :idle_expires_at, :ends_at, :lineage_digest, :secret_digest, :generation, :rotated_at, :salt,"
    " :address, :device, :revoked_at, :revoked_because)"
)

_SELECT: Final = text(
    "SELECT sessions.session_id, sessions.subject, sessions.client_id, sessions.scope, sessions.credential_version,"
    " sessions.created_at, sessions.expires_at, sessions.idle_expires_at, sessions.ends_at, sessions.lineage_digest,"
    " sessions.secret_digest, sessions.generation, sessions.rotated_at, sessions.salt, sessions.address,"
    " sessions.device, sessions.revoked_at, sessions.revoked_because FROM sessions WHERE sessions.session_id = :id"
)

_UPDATE: Final = text(
    "UPDATE sessions SET idle_expires_at=:new_idle_expires_at, ends_at=CASE WHEN (sessions.expires_at < :idle_end) THEN"
    " sessions.expires_at ELSE :idle_end END, secret_digest=:new_digest, generation=(sessions.generation + 1),"
    " rotated_at=:now, salt=:new_salt WHERE sessions.session_id = :id AND sessions.secret_digest = :expected_digest AND"
    " sessions.revoked_at IS NULL AND sessions.expires_at > :now AND (sessions.idle_expires_at IS NULL OR"
    " sessions.idle_expires_at > :now)"
)

_ERASE: Final = text(
    "UPDATE sessions SET salt=NULL WHERE sessions.session_id IN (SELECT sessions.session_id FROM sessions WHERE"
    " sessions.salt IS NOT NULL AND sessions.rotated_at < :rotated_before LIMIT :max_rows)"
)

_REVOKE: Final = text(
    "UPDATE sessions SET salt=NULL, revoked_at=:now, revoked_because='logout' WHERE sessions.session_id = :id AND"
    " sessions.revoked_at IS NULL"
)


class PreviousVersion:
    """An instance of the previous version. ``randomness`` makes its salts."""

    def __init__(self, statements: Statements, randomness: FakeRandomness) -> None:
        self._statements = statements
        self._randomness = randomness

    async def add(self, session: Session) -> None:
        """Store a new session."""
        names = [name for name in _INSERT._bindparams if name not in ("ends_at", "salt")]
        row = {name: getattr(session, name) for name in names}
        await self._statements.execute(
            _INSERT, row | {"scope": session.scope.text, "ends_at": session.ends_at(), "salt": None}
        )

    async def refresh(self, token: RefreshToken, now: float) -> RefreshToken | None:
        """Return the token that the client gets, or ``None`` if this version takes ``token`` for stolen."""
        [row] = await self._statements.fetch(_SELECT, {"id": token.session_id})
        if ratchet.digest(token.secret) == row.secret_digest:
            return await self._rotate(token, row, now)
        if row.salt is None or now - row.rotated_at >= WINDOW:
            return None
        successor = ratchet.successor(token, salt=row.salt, generation=row.generation)
        return successor if ratchet.digest(successor.secret) == row.secret_digest else None

    async def erase_salts(self, now: float) -> int:
        """Erase old salts, and return how many."""
        return await self._statements.execute(_ERASE, {"rotated_before": now - SALT_LIFETIME, "max_rows": 10_000})

    async def revoke(self, session: Session, now: float) -> bool:
        """Revoke the session; return whether it was live."""
        return await self._statements.execute(_REVOKE, {"id": session.session_id, "now": now}) > 0

    async def _rotate(self, token: RefreshToken, row: Any, now: float) -> RefreshToken:
        salt = self._randomness.token_bytes(ratchet.SALT_BYTES)
        successor = ratchet.successor(token, salt=salt, generation=row.generation + 1)
        parameters = {
            "id": token.session_id,
            "expected_digest": row.secret_digest,
            "new_digest": ratchet.digest(successor.secret),
            "new_salt": salt,
            "now": now,
            "new_idle_expires_at": None,
            "idle_end": 1e300,
        }
        assert await self._statements.execute(_UPDATE, parameters) == 1
        return successor


async def prepare_previous(url: str) -> None:
    """Make the schema of revision 0005."""
    database = DatabaseUrl(url)
    if database.is_sqlite:
        database.file.touch()
    config = _config()

    def upgrade(connection: Connection) -> None:
        config.attributes.update(connection=connection, version_table="alembic_version")
        command.upgrade(config, "0005")

    await run_in_transaction(database, upgrade, StoreOptions(timeout=20.0))
