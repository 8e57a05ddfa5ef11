"""Sessions, rate limits and signing keys in Redis or Valkey. It imports the domain, the ports and redis-py."""
