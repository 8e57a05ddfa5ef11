"""Signed tokens, JWK Sets and encrypted keys by joserfc. No other package imports joserfc.

It imports the domain, the ports and strict JSON.
"""
