"""``GET /auth/me``."""

from app.testing.system import NOW

from .forgery import MISSING, Forge, claims_of, segment
from .service import Service, Tokens


async def test_me_returns_the_claims_of_the_token(service: Service, tokens: Tokens) -> None:
    """The members come from the token, and no cache may keep the response."""
    claims = segment(tokens.access, 1)
    answer = await service.me(tokens.access)
    assert answer.json() == {
        "sub": claims["sub"],
        "client_id": "first-party",
        "scope": "account orders:read",
        "sid": claims["sid"],
        "auth_time": NOW,
        "exp": NOW + 900,
    }
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")


async def test_token_without_a_session_has_no_sid(service: Service, tokens: Tokens, forge: Forge) -> None:
    """A client with its own token gets a response without ``sid`` and ``auth_time``."""
    sessionless = forge.token(claims_of(tokens.access, sub="robot", client_id="robot", sid=MISSING, auth_time=MISSING))
    answer = await service.me(sessionless)
    assert answer.json() == {"sub": "robot", "client_id": "robot", "scope": "account orders:read", "exp": NOW + 900}


async def test_me_queries_no_store(service: Service, tokens: Tokens) -> None:
    """The token alone is enough to validate it."""
    before = service.sessions.acts, service.users.acts
    assert (await service.me(tokens.access)).status == 200
    assert (service.sessions.acts, service.users.acts) == before


async def test_me_needs_no_scope(service: Service) -> None:
    """A token of any scope is accepted."""
    tokens = await service.sign_in(scope="orders:read")
    assert (await service.me(tokens.access)).json()["scope"] == "orders:read"


async def test_head_has_the_headers_of_get(service: Service, tokens: Tokens) -> None:
    """HEAD needs a token like GET, and returns the same headers without a body."""
    assert (await service.ask("HEAD", "/auth/me")).status == 401
    answer = await service.ask("HEAD", "/auth/me", token=tokens.access)
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) == len((await service.me(tokens.access)).body)


async def test_scheme_is_case_insensitive(service: Service, tokens: Tokens) -> None:
    """``bearer`` and ``BEARER`` are accepted (RFC 9110 §11.1)."""
    for scheme in ("bearer", "BEARER"):
        answer = await service.ask("GET", "/auth/me", headers={"Authorization": f"{scheme} {tokens.access}"})
        assert answer.status == 200
