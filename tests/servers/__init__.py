"""Real servers for the tests: PostgreSQL and Valkey, which come from wheels."""
