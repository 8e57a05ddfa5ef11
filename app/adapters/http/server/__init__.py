"""Serving: connections, listening sockets, and what every request passes. It imports ``requests`` and the errors."""
