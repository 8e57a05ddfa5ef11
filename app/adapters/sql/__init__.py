"""Repositories in SQLite and PostgreSQL. It imports the domain, the ports, SQLAlchemy and Alembic."""
