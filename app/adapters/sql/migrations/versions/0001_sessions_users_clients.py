"""Sessions, users and clients."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.LargeBinary, primary_key=True),
        sa.Column("subject", text, nullable=False),
        sa.Column("client_id", text, nullable=False),
        sa.Column("scope", text, nullable=False),
        sa.Column("credential_version", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("idle_expires_at", sa.Double),
        sa.Column("ends_at", sa.Double, nullable=False),
        sa.Column("lineage_digest", sa.LargeBinary, nullable=False),
        sa.Column("secret_digest", sa.LargeBinary, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("rotated_at", sa.Double, nullable=False),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("address", text, nullable=False),
        sa.Column("device", text, nullable=False),
        sa.Column("revoked_at", sa.Double),
        sa.Column("revoked_because", text),
        postgresql_with={"fillfactor": 75},
    )
    op.create_index("sessions_of_subject", "sessions", ["subject"])
    op.create_index("sessions_by_end", "sessions", ["ends_at"])
    for name, column, condition in (
        ("sessions_revoked", "revoked_at", "revoked_at IS NOT NULL"),
        ("sessions_with_salt", "rotated_at", "salt IS NOT NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "sessions", [column], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "users",
        sa.Column("subject", text, primary_key=True),
        sa.Column("username", text, nullable=False, unique=True),
        sa.Column("password_hash", text, nullable=False),
        sa.Column("scope", text, nullable=False),
        sa.Column("credential_version", sa.BigInteger, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
    )
    op.create_table("clients", sa.Column("client_id", text, primary_key=True))
