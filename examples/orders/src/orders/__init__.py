"""Orders: a service whose callers Keyturn signs in."""
