"""The adapters of the ports: one package or module for each technology.

May import: the domain, the ports; other adapters only as the import contracts allow.
"""
