"""The command line: ``orders --issuer https://id.example``."""

import argparse
import logging

from aiohttp import web
from keyturn.guard import guard_metrics, remote_guard
from prometheus_client import start_http_server

from .api import create_app


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="orders", description="A service whose callers Keyturn signs in.")
    parser.add_argument("--issuer", required=True, help="Keyturn's URL, as its tokens name it")
    parser.add_argument("--audience", default="orders", help="whom the tokens must be for")
    parser.add_argument("--stale-after", type=float, default=30.0, help="seconds without news until orders stop")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--metrics-port", type=int, help="where Prometheus asks; nobody can without it")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    if given.metrics_port is not None:
        start_http_server(given.metrics_port, addr=given.host)
    guard = remote_guard(
        issuer=given.issuer, audience=given.audience, stale_after=given.stale_after, telemetry=guard_metrics()
    )
    web.run_app(create_app(guard), host=given.host, port=given.port)


if __name__ == "__main__":
    main()
