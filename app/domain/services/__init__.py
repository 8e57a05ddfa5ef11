"""The acts of the service, one a file."""
