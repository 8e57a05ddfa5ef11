"""Reading requests: bodies, query strings, the client and its address.

May import: the domain, ``strict_json``, ``http.operation``.
"""
