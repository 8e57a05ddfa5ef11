"""Repositories in SQLite and PostgreSQL."""

import logging

# Alembic tells of each of its plugins as it is imported; what it did to a database is told by who asked for it.
logging.getLogger("alembic").setLevel(logging.WARNING)
