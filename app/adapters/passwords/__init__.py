"""Password hashes, and the list of common passwords.

May import: the domain, the ports, cryptography, bcrypt.
"""
