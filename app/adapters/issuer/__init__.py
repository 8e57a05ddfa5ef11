"""The documents of an issuer, fetched over HTTP.

May import: the domain, the ports, ``strict_json``, aiohttp.
"""
