"""Alembic's entry: the connection comes from whoever upgrades, who also holds the lock."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
