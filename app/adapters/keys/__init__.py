"""Where signing keys come from: generated, the environment, a directory of PEM files, or a shared store.

It imports the domain, the ports and cryptography.
"""
