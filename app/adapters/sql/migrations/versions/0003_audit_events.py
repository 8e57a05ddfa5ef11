"""Audit records."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "audit_events",
        sa.Column("event_id", text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("request_id", text, nullable=False),
        sa.Column("address", text, nullable=False),
        sa.Column("session_id", sa.LargeBinary),
        sa.Column("subject", text),
        sa.Column("client_id", text),
        sa.Column("details", text, nullable=False),
    )
    op.create_index("audit_events_of_session", "audit_events", ["session_id"])
    op.create_index("audit_events_of_subject", "audit_events", ["subject", "name", "at"])
    op.create_index("audit_events_by_time", "audit_events", ["at"])
