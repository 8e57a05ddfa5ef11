"""OAuth clients: registration, authentication, the client credentials grant, introspection, token revocation.

May import: the ports, every other subject.
"""
