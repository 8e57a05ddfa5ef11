"""Keyturn: a token service on aiohttp, and the guard that protects routes with its tokens."""
