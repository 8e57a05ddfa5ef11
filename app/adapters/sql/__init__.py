"""Repositories in SQLite and PostgreSQL. It imports the domain, the ports, SQLAlchemy and Alembic."""

import logging

# Alembic logs each of its plugins when it is imported. What a migration did is logged by migration.py.
logging.getLogger("alembic").setLevel(logging.WARNING)
