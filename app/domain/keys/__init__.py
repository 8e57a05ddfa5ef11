"""Signing keys: their states, the policy of their times, rotation, and loading them for use.

May import: ports, ``audit``, ``errors``.
"""
