"""Repositories in the memory of this process. They are empty after a restart.

It imports the domain and the ports.
"""
