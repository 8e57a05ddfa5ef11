"""The HTTP API: one file for each group of routes, with its handlers, models and routes.

It may import the domain, ``http.requests``, ``http.server`` and the guards.
"""
