"""Tell whether the service in this container is up. Exit with status 0 if it is, else with 1 and a sentence.

It asks ``/livez``, not ``/readyz``: no restart of this container brings back a store that is away. It uses only the
standard library, and no proxy of the environment.
"""

import http.client
import os
import socket
import sys
from typing import Final

_UNIX: Final = "unix:"
_EVERY_ADDRESS: Final = {"", "*", "0.0.0.0", "::"}  # noqa: S104  # names of addresses, nothing listens here
_SECONDS: Final = 4.0
_OK: Final = 200


class _UnixConnection(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


def connection() -> http.client.HTTPConnection:
    """Return a connection to the service, at the address that its settings name."""
    host, port = os.environ.get("KEYTURN_HOST", "127.0.0.1"), os.environ.get("KEYTURN_PORT", "8080")
    if host.startswith(_UNIX):
        return _UnixConnection(host.removeprefix(_UNIX), timeout=_SECONDS)
    if not port.isdecimal():  # Kubernetes wrote the variable, and the service listens on its default port.
        port = "8080"
    name = "localhost" if host in _EVERY_ADDRESS else host.strip("[]")
    return http.client.HTTPConnection(name, int(port), timeout=_SECONDS)


def main() -> str | None:
    """Return ``None`` if the service is up, else what is wrong."""
    try:
        asked = connection()
        asked.request("GET", "/livez", headers={"Host": "localhost"})
        status = asked.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"the service does not answer: {type(error).__name__}"
    return None if status == _OK else f"/livez answered {status}"


if __name__ == "__main__":
    sys.exit(main())
