"""Rate limits."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "budgets",
        sa.Column("budget_key", sa.LargeBinary, primary_key=True),
        sa.Column("due", sa.BigInteger, nullable=False),
    )
    op.create_index("budgets_by_due", "budgets", ["due"])
