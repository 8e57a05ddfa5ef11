"""OAuth clients: registration, authentication, the client credentials grant, introspection, token revocation.

May import the ports and every other subject except ``login`` and ``verifier``.
"""
