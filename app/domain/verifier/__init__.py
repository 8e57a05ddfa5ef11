"""A guard in another service: follow the keys and the revocation feed of an issuer.

May import: the ports, ``sessions`` and the subjects that it may import.
"""
