"""``GET /auth/me``."""

from app.testing.system import NOW

from .forgery import MISSING, Forge, claims_of, segment
from .service import Service, Tokens


async def test_it_tells_what_the_token_says(service: Service, tokens: Tokens) -> None:
    """The members are the token's own, and nobody may keep the answer."""
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


async def test_a_token_of_no_session_has_no_session(service: Service, tokens: Tokens, forge: Forge) -> None:
    """A client acting for itself learns who it is, without ``sid`` and ``auth_time``."""
    sessionless = forge.token(claims_of(tokens.access, sub="robot", client_id="robot", sid=MISSING, auth_time=MISSING))
    answer = await service.me(sessionless)
    assert answer.json() == {"sub": "robot", "client_id": "robot", "scope": "account orders:read", "exp": NOW + 900}


async def test_it_asks_no_store(service: Service, tokens: Tokens) -> None:
    """Validation is done from the token alone."""
    before = service.sessions.acts, service.users.acts
    assert (await service.me(tokens.access)).status == 200
    assert (service.sessions.acts, service.users.acts) == before


async def test_no_scope_is_needed(service: Service) -> None:
    """A token of any scope says who it is of."""
    tokens = await service.sign_in(scope="orders:read")
    assert (await service.me(tokens.access)).json()["scope"] == "orders:read"


async def test_head_is_get_without_a_body(service: Service, tokens: Tokens) -> None:
    """HEAD is guarded as GET is, and answers the same headers."""
    assert (await service.ask("HEAD", "/auth/me")).status == 401
    answer = await service.ask("HEAD", "/auth/me", token=tokens.access)
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) == len((await service.me(tokens.access)).body)


async def test_scheme_is_compared_without_case(service: Service, tokens: Tokens) -> None:
    """Schemes are case-insensitive (RFC 9110 §11.1)."""
    for scheme in ("bearer", "BEARER"):
        answer = await service.ask("GET", "/auth/me", headers={"Authorization": f"{scheme} {tokens.access}"})
        assert answer.status == 200
