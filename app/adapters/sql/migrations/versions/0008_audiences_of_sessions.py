"""A session remembers the audiences to which its sign-in narrowed it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add a column. No row is rewritten: a session without a value may have all audiences of the service.

    An instance of the previous version may still run on the database: it names the columns that it reads and writes.
    """
    op.add_column("sessions", sa.Column("audience", sa.Text().with_variant(sa.Text(collation="C"), "postgresql")))
