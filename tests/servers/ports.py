"""Ports for servers that cannot choose their own."""

import socket


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        # A connection that has been there keeps the port in TIME_WAIT: the kernel gives it to nobody else.
        probe.listen()
        with socket.create_connection(probe.getsockname()) as client, probe.accept()[0]:
            port: int = client.getpeername()[1]
    return port
