"""The HTTP service on aiohttp: its server, its requests, its API and its OpenAPI document.

It may import the domain, the ports, the errors and the guards.
"""
