"""The HTTP service on aiohttp: its server, its requests, its API and its OpenAPI document.

May import: the domain, the ports, ``errors``, ``guards``, ``client_json``, ``audit_record_json``, ``strict_json``.
"""
