"""The core of the guard with the request of no web framework: headers are a list, cookies a dictionary."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from app.adapters.errors.format import ErrorResponse
from app.adapters.errors.problem import PROBLEM
from app.adapters.guards.core import REFUSALS, GuardCore, check_scope
from app.adapters.guards.token_sources import BearerHeader, Cookie
from app.domain.errors import InvalidRequest, KeyturnError
from app.domain.scope import Scope
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.errors import InsufficientScope, MalformedToken, MissingToken
from app.domain.verifier.errors import RevocationsUnknown
from app.testing.builders import access_token_claims

GOOD = {"good"}
CLAIMS = access_token_claims(scope=Scope.parse("orders:read"))


@dataclass
class Headers:
    """Headers as a list of pairs, the way ASGI has them."""

    pairs: Sequence[tuple[str, str]] = ()

    def getall(self, name: str, default: tuple[()], /) -> Sequence[str]:
        return [value for key, value in self.pairs if key == name.lower()] or default


@dataclass
class Request:
    """A request of no framework."""

    headers: Headers = field(default_factory=Headers)
    cookies: Mapping[str, str] = field(default_factory=dict)


class Validation:
    """Accepts one token."""

    def validate(self, token: str) -> AccessTokenClaims:
        if token in GOOD:
            return CLAIMS
        raise MalformedToken


class Feed:
    """A feed that is stale."""

    def is_stale(self) -> bool:
        return True


class Counter:
    """Remembers the refusals that were counted."""

    def __init__(self) -> None:
        self.refusals: list[KeyturnError] = []

    def access_refused(self, refusal: KeyturnError) -> None:
        self.refusals.append(refusal)


def core(*, cookie: str = "", feed: Feed | None = None, closed: bool = False) -> GuardCore[Request, ErrorResponse]:
    """Return a core that answers with problems of no framework."""
    source = Cookie(cookie) if cookie else BearerHeader()
    return GuardCore(Validation(), token=source.token, render=PROBLEM.render, feed=feed, closed=closed)


def with_headers(*values: str) -> Request:
    """Return a request with these ``Authorization`` headers."""
    return Request(Headers([("authorization", value) for value in values]))


@pytest.mark.parametrize("value", ["Bearer good", "bearer   good"])
def test_a_bearer_header_makes_a_principal(value: str) -> None:
    """The scheme is read without regard to case, and more than one space may follow."""
    assert core().authenticate(with_headers(value)) is CLAIMS


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request(), MissingToken),
        (with_headers("Basic good"), MissingToken),
        (with_headers("Bearer"), MalformedToken),
        (with_headers("Bearer bad"), MalformedToken),
        (with_headers("Bearer good", "Bearer good"), InvalidRequest),
    ],
)
def test_other_requests_are_refused(request_: Request, expected: type[KeyturnError]) -> None:
    """Each error is one that an adapter renders as a refusal."""
    with pytest.raises(expected) as raised:
        core().authenticate(request_)
    assert isinstance(raised.value, REFUSALS)


def test_a_cookie_makes_a_principal() -> None:
    """Only the named cookie counts."""
    assert core(cookie="session").authenticate(Request(cookies={"session": "good"})) is CLAIMS
    with pytest.raises(MissingToken):
        core(cookie="session").authenticate(Request(cookies={"other": "good"}))


def test_a_closed_guard_refuses_while_the_feed_is_stale() -> None:
    """A route that is marked open goes on, and so does every route of a guard that is not closed."""
    with pytest.raises(RevocationsUnknown):
        core(feed=Feed(), closed=True).check_route(open_when_stale=False)
    core(feed=Feed(), closed=True).check_route(open_when_stale=True)
    core(feed=Feed()).check_route(open_when_stale=False)
    core(closed=True).check_route(open_when_stale=False)


def test_a_missing_scope_is_named() -> None:
    """Every scope is needed."""
    check_scope(CLAIMS, "orders:read")
    with pytest.raises(InsufficientScope) as raised:
        check_scope(CLAIMS, "orders:read", "orders:write")
    assert raised.value.scope == "orders:write"


def test_a_refusal_is_counted_and_rendered() -> None:
    """The answer is ready to be sent by any framework: status, headers, body."""
    counter = Counter()
    guard: GuardCore[Request, ErrorResponse] = GuardCore(
        Validation(), token=BearerHeader().token, render=PROBLEM.render, telemetry=counter
    )
    refusal = MissingToken()
    answer = guard.refuse(refusal)
    assert counter.refusals == [refusal]
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_core_loads_no_web_framework() -> None:
    """Importing the core and the formats of errors does not import aiohttp."""
    program = (
        "import sys, app.adapters.guards.core, app.adapters.guards.token_sources, app.adapters.errors.problem;"
        "assert 'aiohttp' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(("found", "raised"), [(None, MissingToken), (b"good", TypeError), ("x", MalformedToken)])
def test_own_source_may_find_no_token(found: object, raised: type[Exception]) -> None:
    """For every framework, ``None`` is a missing token. Anything else than text is a bug of the source, and named."""
    own: GuardCore[Request, ErrorResponse] = GuardCore(
        Validation(),
        token=lambda _: found,  # type: ignore[arg-type,return-value]  # that is the bug
        render=PROBLEM.render,
    )
    with pytest.raises(raised):
        own.authenticate(Request())
