"""Sessions and refresh tokens: open, rotate, revoke, list, explain and delete sessions.

May import: the ports, ``tokens``, ``keys``, ``rate_limits``, ``audit``, the shared values.
"""
