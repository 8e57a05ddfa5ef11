"""Access tokens and the revocation feed: issue and validate tokens, remember revoked sessions.

May import: the ports, ``keys``, ``rate_limits``, ``audit``, the shared values.
"""
