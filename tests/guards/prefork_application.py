"""An application of Flask that says which process answers, what its guard knows, and which threads it has."""

import os
import threading
import time
from typing import Any

from flask import Flask

from app.guard.flask import remote_guard
from tests.http.guarded_app import AUDIENCE

_SECONDS = 0.02
"""An answer takes so long that the next request goes to another worker."""


def application(issuer: str, *options: str) -> Any:
    """Return the application. With ``start``, the guard follows the issuer at once, even before the workers fork."""
    app = Flask("workers")
    guard = remote_guard(issuer=issuer, audience=AUDIENCE)
    guard.protect(app)
    if "start" in options:
        guard.start()

    @app.get("/worker")
    def worker() -> dict[str, Any]:
        time.sleep(_SECONDS)
        names = [thread.name for thread in threading.enumerate()]
        state = guard.state()
        return {"pid": os.getpid(), "revoked": state.revoked_sessions, "threads": names.count("keyturn-guard")}

    return app


if "PREFORK_ISSUER" in os.environ:
    served = application(os.environ["PREFORK_ISSUER"], "start")
"""What uWSGI serves: it calls no factory."""
