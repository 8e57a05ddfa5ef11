"""The guard for ASGI: lifespans, sockets, and refusals while the application answers."""

import json
import logging
from contextlib import suppress
from typing import Any

import pytest

from app.adapters.guards.asgi_types import Message, Receive, Scope, Send
from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain.errors import ConfigurationError
from app.domain.tokens.errors import InsufficientScope
from app.guard.asgi import AsgiGuard, Cookie, check_fresh, check_scope, principal
from tests.http.forgery import Forge
from tests.http.guarded_app import claims

from .asgi_conversation import ISSUER, authorization, converse, guard_of, scope

CONNECT: dict[str, Any] = {"type": "websocket.connect"}
STARTUP, SHUTDOWN = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}
DENIAL: dict[str, Any] = {"websocket.http.response": {}}


@pytest.fixture(scope="module")
def forge() -> Forge:
    """Return the signer of all tokens here."""
    return Forge(generate_rsa_key(2048))


class Followed:
    """Stands for the follower of an issuer."""

    def __init__(self) -> None:
        self.acts: list[str] = []

    @property
    def is_running(self) -> bool:
        return self.acts[-1:] == ["start"]

    async def start(self) -> None:
        self.acts.append("start")

    async def stop(self) -> None:
        self.acts.append("stop")


def following(forge: Forge) -> tuple[AsgiGuard, Followed]:
    """Return a guard that seems to follow an issuer."""
    protector, followed = guard_of(forge), Followed()
    protector.following = followed
    return protector, followed


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the subject of the token; accept a socket. It has no lifespan."""
    assert scope["type"] in ("http", "websocket")
    if scope["type"] == "websocket":
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": principal(scope).subject.encode()})


async def test_a_token_opens_every_path(forge: Forge) -> None:
    """Without a token every path answers 401, also one that the application does not have."""
    app = guard_of(forge)(hello)
    for path in ("/", "/forgotten", "//"):
        [start, body] = await converse(app, scope("http", path))
        assert (start["status"], dict(start["headers"])[b"www-authenticate"]) == (401, b"Bearer")
        assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()
        [_, body] = await converse(app, scope("http", path, authorization(forge)))
        assert body["body"] == b"alice-subject"


async def test_a_cookie_can_have_the_token(forge: Forge) -> None:
    """The source of tokens is the same as for aiohttp."""
    app = guard_of(forge, token=Cookie("session").token)(hello)
    cookie = (b"cookie", f"a=b; session={forge.token(claims(iss=ISSUER))}".encode())
    assert (await converse(app, scope("http", "/", cookie)))[0]["status"] == 200
    assert (await converse(app, scope("http", "/", (b"cookie", b"a=b"))))[0]["status"] == 401


async def test_an_unknown_kind_of_connection_is_refused(forge: Forge) -> None:
    """What nobody can guard never reaches the application."""
    with pytest.raises(RuntimeError, match="unknown kind 'webtransport'"):
        await converse(guard_of(forge)(hello), scope("webtransport"))


async def test_a_principal_on_a_public_path_is_an_error(forge: Forge) -> None:
    """A handler that asks for one serves no stranger by mistake."""
    with pytest.raises(RuntimeError, match="no guard protects"):
        await converse(guard_of(forge, public=["/"])(hello), scope())
    with pytest.raises(RuntimeError, match="no guard protects"):
        principal(object())


async def test_a_public_path_has_no_principal_of_a_guard_around_it(forge: Forge) -> None:
    """The inner guard shows none to the application, and the scope of the outer one stays as it is."""
    seen: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append("keyturn.access" in scope)

    inner = guard_of(forge, public=["/open"])(app)

    async def between(scope: Scope, receive: Receive, send: Send) -> None:
        before = scope["keyturn.access"]
        await inner(scope, receive, send)
        assert scope["keyturn.access"] is before

    for path in ("/open", "/orders"):
        await converse(guard_of(forge)(between), scope("http", path, authorization(forge)))
    assert seen == [False, True]


async def test_errors_that_cause_each_other_end(forge: Forge) -> None:
    """An application may raise an error whose causes form a ring, alone or in a group, after a refusal."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(InsufficientScope):
            check_scope(scope, "orders:write")
        first, second = ValueError("first"), ValueError("second")
        first.__cause__, second.__cause__ = second, ExceptionGroup("both", [first, second])
        raise first

    with pytest.raises(ValueError, match="first"):
        await converse(guard_of(forge)(app), scope("http", "/", authorization(forge)))


@pytest.mark.parametrize("extensions", [DENIAL, {}, None])
async def test_a_socket_without_a_token_is_not_accepted(forge: Forge, extensions: dict[str, Any] | None) -> None:
    """It gets a 401 if the server can send one, else a close before the accept."""
    app = guard_of(forge)(hello)
    [first, *rest] = await converse(app, scope("websocket", extensions=extensions), [CONNECT])
    if extensions:
        assert (first["type"], first["status"]) == ("websocket.http.response.start", 401)
        assert rest[0]["type"] == "websocket.http.response.body"
    else:
        assert (first["type"], first["code"], rest) == ("websocket.close", 1008, [])
    [accepted] = await converse(app, scope("websocket", "/", authorization(forge)), [CONNECT])
    assert accepted["type"] == "websocket.accept"


async def test_a_missing_scope_is_a_403_whatever_the_framework_makes_of_it(forge: Forge) -> None:
    """An error that the application lets through, or answers with 500 or 403 of its own, becomes the guard's answer."""

    async def raising(scope: Scope, receive: Receive, send: Send) -> None:
        check_scope(scope, "orders:read", "orders:write")

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            check_scope(scope, "orders:write")
        except InsufficientScope as error:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"a bug"})
            raise ValueError("a framework's own error") from error

    for app in (raising, answering):
        [start, body] = await converse(guard_of(forge)(app), scope("http", "/", authorization(forge)))
        assert start["status"] == 403
        assert b'scope="orders:write"' in dict(start["headers"])[b"www-authenticate"]
        assert b"insufficient-scope" in body["body"]


async def test_a_scope_that_is_only_asked_about_changes_nothing(forge: Forge) -> None:
    """An application may serve less to a token without a scope, and its own bugs stay bugs."""

    async def less(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            check_scope(scope, "orders:write")
        except InsufficientScope:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("a bug")

    sent: list[Message] = []
    with pytest.raises(ValueError, match="a bug"):
        sent += await converse(guard_of(forge)(less), scope("http", "/", authorization(forge)))


async def test_a_refusal_after_the_response_has_begun_ends_the_connection(forge: Forge) -> None:
    """The error goes on to the server, which closes. No second response is written into the first."""

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        check_scope(scope, "orders:write")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    with pytest.raises(InsufficientScope):
        await guard_of(forge)(late)(scope("http", "/", authorization(forge)), receive, send)
    assert [each["type"] for each in sent] == ["http.response.start"]


async def test_an_accepted_socket_is_closed_with_the_reason(forge: Forge) -> None:
    """A refusal after the accept closes the socket with the code of a violated policy (RFC 6455 §7.4.1)."""

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        check_scope(scope, "orders:write")

    sent = await converse(guard_of(forge)(late), scope("websocket", "/", authorization(forge)))
    assert [each["type"] for each in sent] == ["websocket.accept", "websocket.close"]
    assert (sent[1]["code"], "orders:write" in sent[1]["reason"]) == (1008, True)


async def test_a_fresh_feed_is_never_assumed(forge: Forge) -> None:
    """Under a guard without a feed, a handler that needs one fails."""

    async def closed(scope: Scope, receive: Receive, send: Send) -> None:
        check_fresh(scope)

    with pytest.raises(RuntimeError, match="follows none"):
        await converse(guard_of(forge)(closed), scope("http", "/", authorization(forge)))


async def test_an_application_without_a_lifespan_gets_one(forge: Forge) -> None:
    """The issuer is followed between start and stop, if the application raises, and if it returns at once."""

    async def returning(scope: Scope, receive: Receive, send: Send) -> None:
        return

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise ValueError("no lifespan here")

    for app in (hello, returning, reading):
        protector, followed = following(forge)
        sent = await converse(protector(app), {"type": "lifespan"}, [STARTUP, SHUTDOWN])
        assert [each["type"] for each in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        assert followed.acts == ["start", "stop"]


@pytest.mark.parametrize("reads", [False, True])
async def test_a_start_that_fails_is_logged(forge: Forge, caplog: pytest.LogCaptureFixture, *, reads: bool) -> None:
    """The application is served all the same, as uvicorn does. A warning says why it has no lifespan, with the place of
    the error if the application read the start.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if reads:
            await receive()
        raise ConnectionError

    sent = await converse(guard_of(forge)(app), {"type": "lifespan"}, [STARTUP, SHUTDOWN])
    [warning] = [record for record in caplog.records if record.levelname == "WARNING"]
    assert ("raised ConnectionError before" in warning.message, bool(warning.exc_info)) == (True, reads)
    assert [each["type"] for each in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_the_lifespan_of_the_application_is_inside(forge: Forge) -> None:
    """The issuer is followed before the application starts, and until it has stopped, also if its start fails."""
    protector, followed = following(forge)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert await receive() == STARTUP
        followed.acts.append("application")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    sent = await converse(protector(app), {"type": "lifespan"}, [STARTUP, SHUTDOWN])
    assert [each["type"] for each in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    sent = await converse(protector(failing), {"type": "lifespan"}, [STARTUP])
    assert [each["type"] for each in sent] == ["lifespan.startup.failed"]
    assert followed.acts == ["start", "application", "stop", "start", "stop"]


async def test_a_bug_after_the_start_of_the_application_goes_on(forge: Forge) -> None:
    """The server hears of it, and the issuer is followed no longer."""
    protector, followed = following(forge)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "lifespan.startup.complete"})
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await converse(protector(app), {"type": "lifespan"}, [STARTUP])
    assert followed.acts == ["start", "stop"]


async def test_a_server_without_a_lifespan_is_enough(forge: Forge) -> None:
    """The first request starts to follow the issuer, the second does not."""
    protector, followed = following(forge)
    for _ in range(2):
        await converse(protector(hello), scope("http", "/", authorization(forge)))
    assert followed.acts == ["start"]


async def test_the_log_names_the_public_paths(forge: Forge, caplog: pytest.LogCaptureFixture) -> None:
    """They stand in the message itself at the start, so that every format of logs shows them."""
    with caplog.at_level(logging.INFO, "keyturn.guard"):
        await converse(guard_of(forge, public=["/b", "GET /a"])(hello), {"type": "lifespan"}, [STARTUP, SHUTDOWN])
    assert "paths that need no access token: /b, GET /a" in caplog.messages


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_guard_serves_the_metadata_of_the_service(forge: Forge, method: str) -> None:
    """Strangers read them (RFC 9728), and every challenge names them. Nothing else becomes public."""
    app = guard_of(forge, resource="https://shop.example/orders", scopes_supported=["orders:read"])(hello)
    place = "/.well-known/oauth-protected-resource/orders"
    start, body = await converse(app, {**scope("http", place), "method": method})
    assert (start["status"], dict(start["headers"])[b"content-type"]) == (200, b"application/json")
    if method == "GET":
        assert json.loads(body["body"]) == {
            "resource": "https://shop.example/orders",
            "authorization_servers": [ISSUER],
            "scopes_supported": ["orders:read"],
            "bearer_methods_supported": ["header"],
        }
    for of in (scope("http", place + "/"), {**scope("http", place), "method": "POST"}, scope()):
        start, _ = await converse(app, of)
        challenge = dict(start["headers"])[b"www-authenticate"].decode()
        assert (start["status"], f'resource_metadata="https://shop.example{place}"' in challenge) == (401, True)


def test_a_resource_is_an_https_url(forge: Forge) -> None:
    """The error says how to write one."""
    with pytest.raises(ConfigurationError, match="must be the https URL of the service"):
        guard_of(forge, resource="http://shop.example")
