"""Orders: a service that accepts the access tokens of Keyturn."""
