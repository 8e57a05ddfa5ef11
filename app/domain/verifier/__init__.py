"""A guard in another service: follow the keys and the revocation feed of an issuer.

May import the ports, ``sessions``, ``tokens``, ``keys``, ``rate_limits``, ``audit`` and the shared values.
"""
