"""Serving: connections, listening sockets, the middlewares of every request, and the metrics page.

May import: the domain, the ports, ``errors``, ``guards``, ``request_context``, ``http.requests``.
"""
