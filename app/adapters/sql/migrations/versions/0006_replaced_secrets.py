"""Replaced secrets of sessions, the cut-off, and the limit of sessions per user."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column and the table, and replace two indexes. No row is rewritten, and live sessions stay.

    An instance of the previous version may still run on the database: its queries can use the new indexes too.
    """
    op.add_column("sessions", sa.Column("replaced", sa.LargeBinary))
    op.create_table(
        "session_cut_off",
        sa.Column("entry", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("cut_off", sa.BigInteger, nullable=False),
        sa.CheckConstraint("entry = 1"),
    )
    op.drop_index("sessions_with_salt", "sessions")
    op.drop_index("sessions_of_subject", "sessions")
    for name, columns, condition in (
        ("sessions_with_replaced", ["rotated_at"], "replaced IS NOT NULL OR salt IS NOT NULL"),
        ("sessions_unrevoked_of_subject", ["subject", "created_at"], "revoked_at IS NULL"),
        ("sessions_unrevoked", ["created_at"], "revoked_at IS NULL AND revoked_because IS NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "sessions", columns, sqlite_where=where, postgresql_where=where)
