"""Repositories in the memory of this process. They are empty after a restart.

May import: the domain, the ports.
"""
