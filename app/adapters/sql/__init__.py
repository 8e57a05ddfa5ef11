"""Repositories in SQLite and PostgreSQL.

May import: the domain, the ports, SQLAlchemy, Alembic, asyncpg.
"""
