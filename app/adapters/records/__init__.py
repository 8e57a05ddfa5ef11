"""Sessions, users, clients, signing keys and audit records as plain mappings of text, numbers and bytes.

May import: domain.
"""
