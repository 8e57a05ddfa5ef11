"""The guard for WSGI: public paths, refusals while the application answers, and the policy for a stale feed."""

from collections.abc import Iterable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from app.adapters.guards.environ import EnvironRequest
from app.adapters.keys.rsa_key import generate_rsa_key
from app.guard import flask, wsgi
from app.testing.builders import ISSUER
from tests.http.forgery import Forge
from tests.http.guarded_app import AUDIENCE, bearer, jwk_set
from tests.servers.ports import free_port


@pytest.fixture(scope="module")
def forge() -> Forge:
    """Return the signer of all tokens here."""
    return Forge(generate_rsa_key(2048))


def guard_of(forge: Forge, **options: Any) -> wsgi.WsgiGuard:
    """Return a guard that accepts the tokens of ``forge``."""
    return wsgi.guard(issuer=ISSUER, audience=AUDIENCE, jwk_set=jwk_set(forge), **options)


def service(guard: wsgi.WsgiGuard) -> Flask:
    """Return an application of Flask with the routes of all tests here."""
    app = Flask("orders")
    guard.protect(app)

    @app.route("/", methods=["GET", "POST"])
    def subject() -> str:
        found = flask.optional_principal()
        return "stranger" if found is None else found.subject

    @app.get("/write")
    @flask.requires("orders:write")
    def write() -> str:
        raise AssertionError("nobody has the scope")

    @app.get("/fresh")
    @flask.closed_when_stale
    def fresh() -> str:
        return "fresh"

    @app.get("/strict")
    def strict() -> str:
        return flask.principal().subject

    @app.errorhandler(403)
    @app.errorhandler(Exception)
    def answer_everything(_: Exception) -> tuple[str, int]:
        return "an answer of the application", 500

    return app


def get(app: Any, path: str, headers: Any = None, **options: Any) -> TestResponse:
    """Return the response to a request."""
    return Client(app, use_cookies=False).open(path, headers=headers, **options)


def test_a_refusal_is_the_answer_of_the_guard(forge: Forge) -> None:
    """A missing scope gets 403 with its challenge, although the application has handlers for all errors."""
    answer = get(service(guard_of(forge)), "/write", bearer(forge))
    assert (answer.status_code, answer.content_type) == (403, "application/problem+json")
    assert 'scope="orders:write"' in answer.headers["WWW-Authenticate"]


def test_an_error_of_the_application_is_its_own(forge: Forge) -> None:
    """Another error keeps the application's answer."""
    answer = get(service(guard_of(forge, public=["/strict"])), "/strict")
    assert (answer.status_code, answer.text) == (500, "an answer of the application")


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("POST", "/", 401),
        ("GET", "/./", 401),
        ("GET", "/unknown", 401),
        ("GET", "/strict", 401),
        ("GET", "/static/x", 401),
    ],
)
def test_only_declared_paths_are_public(forge: Forge, method: str, target: str, status: int) -> None:
    """A stranger gets the path that is declared, with its method, and nothing else."""
    assert get(service(guard_of(forge, public=["GET /"])), target, method=method).status_code == status


def test_a_refused_head_has_no_body(forge: Forge) -> None:
    """The answer to HEAD has the headers of the refusal alone: a body would be read as the next answer."""
    answer = get(service(guard_of(forge)), "/", method="HEAD")
    assert (answer.status_code, answer.data, answer.content_length > 0) == (401, b"", True)


def test_a_principal_of_somebody_else_is_forgotten(forge: Forge) -> None:
    """A public path shows no principal that stands in the environment already."""
    found: list[object] = []

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        found.append(environ.get("keyturn.access"))
        start_response("200 OK", [])
        return []

    Client(guard_of(forge, public=["/"])(application)).get("/", environ_overrides={"keyturn.access": object()})
    assert found == [None]


@pytest.mark.parametrize("begun", [False, True])
def test_a_plain_application_is_refused_before_and_after_it_begins(forge: Forge, *, begun: bool) -> None:
    """A refusal replaces an answer that has begun. A server that has sent its headers raises the refusal (PEP 3333)."""
    seen: list[tuple[str, bool]] = []

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        if begun:
            start_response("200 OK", [])
        wsgi.check_scope(environ, "orders:write")
        raise AssertionError("nobody has the scope")

    def start_response(status: str, headers: Any, exc_info: Any = None, /) -> Any:
        seen.append((status, exc_info is not None and isinstance(exc_info[1], wsgi.InsufficientScope)))

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_AUTHORIZATION": bearer(forge)["Authorization"]}
    [body] = guard_of(forge)(application)(environ, start_response)
    assert b"insufficient-scope" in body
    assert seen == [*([("200 OK", False)] if begun else []), ("403 Forbidden", begun)]


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "500 Internal Server Error"])
@pytest.mark.parametrize("is_checked_first", [False, True])
def test_a_body_that_begins_its_own_answer_has_it(forge: Forge, status: str, *, is_checked_first: bool) -> None:
    """A generator runs when the server reads it. What it begins after a refusal that it caught, the server gets."""
    seen: list[str] = []

    def refused(environ: Any) -> bool:
        with pytest.raises(wsgi.InsufficientScope):
            wsgi.check_scope(environ, "orders:write")
        return True

    def body(environ: Any, start_response: Any) -> Iterable[bytes]:
        if is_checked_first or refused(environ):
            start_response(status, [])
        yield b"an own page"

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        return body(environ, start_response) if not is_checked_first or refused(environ) else ()

    def begin(status: str, headers: Any, exc_info: Any = None, /) -> Any:
        seen.append(status)

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_AUTHORIZATION": bearer(forge)["Authorization"]}
    answer = guard_of(forge)(application)(environ, begin)
    assert (list(answer), seen) == ([b"an own page"], [status])


def test_a_guard_without_keys_answers_503_after_a_limited_time() -> None:
    """While the issuer is down, a token gets 503 with Retry-After. A stranger gets 401 without waiting."""
    guard = wsgi.remote_guard(issuer=f"http://127.0.0.1:{free_port()}", audience=AUDIENCE, public=["GET /"])
    app = service(guard)
    try:
        assert [get(app, path).status_code for path in ("/", "/strict")] == [200, 401]
        answer = get(app, "/strict", {"Authorization": "Bearer x"})
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    finally:
        guard.stop()


class Feed:
    """A feed that is stale."""

    def is_stale(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("closed", "path", "status"), [(True, "/strict", 503), (False, "/strict", 200), (False, "/fresh", 503)]
)
def test_a_stale_feed(forge: Forge, *, closed: bool, path: str, status: int) -> None:
    """A closed guard answers 503 while the feed is stale. An open one serves, except for the views that need it."""
    fixed = guard_of(forge)
    guard = wsgi.WsgiGuard(fixed.open_requests, feed=Feed(), closed=closed, issuer=ISSUER)
    answer = get(service(guard), path, bearer(forge))
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) is (status == 503)


def test_a_check_without_a_guard_fails() -> None:
    """A view with a mark fails where no guard protects it."""
    app = Flask("orders")
    app.testing = True
    app.get("/")(flask.requires("orders:read")(lambda: "served"))
    with pytest.raises(RuntimeError, match="no guard protects"):
        app.test_client().get("/")
    with pytest.raises(TypeError, match="each scope"):
        flask.requires("orders:read orders:write")


def test_a_cookie_can_have_the_token(forge: Forge) -> None:
    """``token`` reads a cookie, and malformed cookies are no token."""
    app = service(guard_of(forge, token=wsgi.Cookie("session").token))
    cookie = SimpleCookie({"session": bearer(forge)["Authorization"].removeprefix("Bearer ")})
    headers = {"Cookie": cookie.output(header="", sep=";").strip()}
    assert get(app, "/strict", headers).status_code == 200
    assert get(app, "/strict", {"Cookie": "se\x00ssion=x"}).status_code == 401


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("Bearer a", 1),
        ("Bearer a,Bearer b", 2),
        ("Bearer a, Bearer b", 2),
        ("Bearer a,", 2),
        (",Bearer a", 2),
        ("Basic a,Bearer b", 2),
        ('Digest username="a", realm="b c", nc=00000001', 1),
    ],
)
def test_two_headers_that_the_server_joined_are_two(value: str, count: int) -> None:
    """A comma before a scheme, or before nothing, stands between two headers."""
    assert len(EnvironRequest({"HTTP_AUTHORIZATION": value}).getall("Authorization", ())) == count
