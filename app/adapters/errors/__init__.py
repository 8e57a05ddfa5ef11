"""Errors as HTTP responses: the table of errors, and their two formats.

May import: the domain, ``request_context``; only ``aiohttp.py`` imports aiohttp.
"""
