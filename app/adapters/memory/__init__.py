"""Repositories in this process's memory: all is gone when it ends."""
