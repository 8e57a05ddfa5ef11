"""Signing keys: generated, from the environment, from a directory of PEM files, or from a shared store.

May import: the domain, the ports, cryptography.
"""
