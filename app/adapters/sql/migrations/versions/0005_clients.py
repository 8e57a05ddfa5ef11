"""Clients with their grants and their authentication."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table again. It is empty, because no release before this one could add a client."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.drop_table("clients")
    op.create_table(
        "clients",
        sa.Column("client_id", text, primary_key=True),
        *(
            sa.Column(name, text, nullable=False)
            for name in ("method", "grants", "scope", "audiences", "introspects", "secrets")
        ),
        sa.Column("jwks", text),
    )
