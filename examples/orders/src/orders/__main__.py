"""The command line: ``orders --issuer https://id.example``."""

import argparse
import logging

from aiohttp import web
from keyturn.guard import guard_metrics, remote_guard
from prometheus_client import start_http_server

from .api import create_app


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(prog="orders", description="A service that accepts the access tokens of Keyturn.")
    parser.add_argument("--issuer", required=True, help="the URL of Keyturn, as in the iss claim of its tokens")
    parser.add_argument("--audience", default="orders", help="the audience that the tokens must have")
    parser.add_argument(
        "--stale-after", type=float, default=30.0, help="seconds without a good feed until orders get 503"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--metrics-port", type=int, help="the port of /metrics for Prometheus; default: no metrics")
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
