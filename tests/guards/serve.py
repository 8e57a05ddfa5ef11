"""Serve one guarded application: ``python -m tests.guards.serve SERVER FRAMEWORK ISSUER PORT [closed]``."""

import asyncio
import os
import sys
from typing import Any

from tests.guards import applications, wsgi_applications


def application(framework: str, issuer: str, *options: str) -> Any:
    """Return the guarded application of a framework."""
    settings = {"closed_when_stale": True, "stale_after": 1.0} if "closed" in options else {}
    if "mcp" in framework:
        from tests.guards import mcp_applications  # noqa: PLC0415  # the SDK is large

        return getattr(mcp_applications, framework)(issuer, settings)
    build = getattr(applications, framework, None) or getattr(wsgi_applications, framework)
    return build(issuer, settings)


def main(server: str, framework: str, issuer: str, port: str, *options: str) -> None:
    """Serve until a signal."""
    if server == "gunicorn":
        factory = f"tests.guards.serve:application{(framework, issuer, *options)!r}"
        command = [sys.executable, "-m", "gunicorn", "--threads=4", f"-b127.0.0.1:{port}", factory]
        os.execv(sys.executable, command)  # noqa: S606  # gunicorn takes the place of this process
    app = application(framework, issuer, *options)
    if server == "aiohttp":
        from aiohttp import web  # noqa: PLC0415  # each process loads its own server alone

        web.run_app(app, host="127.0.0.1", port=int(port), print=None)
    elif server == "uvicorn":
        import uvicorn  # noqa: PLC0415  # as above

        uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error")
    else:
        from hypercorn.asyncio import serve  # noqa: PLC0415  # as above
        from hypercorn.config import Config  # noqa: PLC0415  # as above

        config = Config()
        config.bind = [f"127.0.0.1:{port}"]
        asyncio.run(serve(app, config))


if __name__ == "__main__":
    main(*sys.argv[1:])
