"""Password hashes and the list of common passwords. It imports the domain, the ports, cryptography and bcrypt."""
