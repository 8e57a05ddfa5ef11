"""The application of ``applications.py`` for WSGI: plain, in Flask, and in Django, which has one for ASGI too."""

# ruff: noqa: PLC0415
from collections.abc import Iterable
from typing import Any

from app.guard import wsgi
from tests.http.guarded_app import AUDIENCE

from .applications import SECRET, WRITE

_PUBLIC = ("GET /welcome", "/open/*")


def plain(issuer: str, settings: dict[str, Any]) -> Any:
    """Return an application without a framework."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, text = environ["PATH_INFO"], SECRET
        if path == "/orders":
            if environ["REQUEST_METHOD"] == "POST":
                wsgi.check_scope(environ, WRITE)
            text += wsgi.principal(environ).subject
        elif path == "/welcome" or path.startswith("/open/"):
            text = "welcome"
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [text.encode()]

    return wsgi.remote_guard(issuer=issuer, audience=AUDIENCE, public=_PUBLIC, **settings)(application)


def flask(issuer: str, settings: dict[str, Any]) -> Any:
    """Return the application of Flask."""
    from flask import Flask

    from app.guard.flask import principal, remote_guard, requires

    app = Flask("orders")
    remote_guard(issuer=issuer, audience=AUDIENCE, public=_PUBLIC, **settings).protect(app)

    @app.get("/orders")
    def orders() -> str:
        return SECRET + principal().subject

    @app.post("/orders")
    @requires(WRITE)
    def order() -> str:
        return SECRET

    @app.get("/forgotten")
    def forgotten() -> str:
        return SECRET

    @app.get("/welcome")
    def welcome() -> str:
        return "welcome"

    @app.get("/open/<path:rest>")
    def opened(rest: str) -> str:
        return "welcome"

    return app


def django(issuer: str, settings: dict[str, Any]) -> Any:
    """Return the application of Django for WSGI."""
    from django.core.wsgi import get_wsgi_application

    _configure_django(issuer, settings)
    return get_wsgi_application()


def django_asgi(issuer: str, settings: dict[str, Any]) -> Any:
    """Return the application of Django for ASGI. Its views are asynchronous."""
    from django.core.asgi import get_asgi_application

    _configure_django(issuer, settings, asynchronous=True)
    return get_asgi_application()


def _configure_django(issuer: str, settings: dict[str, Any], *, asynchronous: bool = False) -> None:
    from django.conf import settings as django_settings

    from app.guard.django import remote_guard

    django_settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__ + "_urls" + ("_async" if asynchronous else ""),
        KEYTURN_GUARD=remote_guard(issuer=issuer, audience=AUDIENCE, public=["/open/*"], **settings),
        MIDDLEWARE=["app.guard.django.GuardMiddleware", "django.middleware.common.CommonMiddleware"],
    )
