"""Signed tokens, JWK Sets, client assertions and encrypted keys. No other package imports joserfc.

May import: the domain, the ports, ``strict_json``, joserfc, cryptography.
"""
