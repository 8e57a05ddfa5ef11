"""Repositories in SQLite and PostgreSQL."""
