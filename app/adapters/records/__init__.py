"""Records: sessions, users, clients, signing keys and audit records as plain mappings of text, numbers and bytes.

A store writes them in whatever form it has: columns, fields of a hash, or one value of bytes.
"""
