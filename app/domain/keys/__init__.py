"""Signing keys: their states, when they activate and when they are removed, rotation, and loading.

May import: the ports, ``rate_limits``, ``audit``, the shared values.
"""
