"""Signing keys."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "signing_keys",
        sa.Column("kid", text, primary_key=True),
        sa.Column("follows", text, nullable=False, unique=True),
        sa.Column("published_at", sa.Double, nullable=False),
        sa.Column("activates_at", sa.Double, nullable=False),
        sa.Column("sealed", text, nullable=False),
    )
