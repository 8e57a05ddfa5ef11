"""The HTTP API: one file for each group of routes, with its handlers, models and routes.

May import: the domain, the ports, ``guards``, the rest of ``http``.
"""
