"""Sessions, rate limits and signing keys in Redis or Valkey.

May import: the domain, the ports, redis-py.
"""
