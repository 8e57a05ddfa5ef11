"""``GET /admin/sessions/{sid}`` over HTTP. ``tests/domain/test_explanation.py`` has the explanations."""

import pytest

from .service import Service, Tokens

UNKNOWN = "AAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
async def admin(service: Service) -> str:
    """Return an administrator's access token."""
    await service.create_user("root", scope="account keyturn:admin")
    return (await service.sign_in("root")).access


async def test_live_session_is_explained(service: Service, admin: str, tokens: Tokens) -> None:
    """A session can be explained before any of its audit events is stored."""
    sid = (await service.me(tokens.access)).json()["sid"]
    answer = await service.ask("GET", f"/admin/sessions/{sid}", token=admin)
    assert answer.status == 200
    assert (answer.json()["sid"], answer.json()["state"]) == (sid, "live")


@pytest.mark.parametrize("sid", [UNKNOWN, "short", "%0d%0a%1b%5b31m", "%E2%80%A8", "A" * 4_000])
async def test_unknown_session_is_not_found(service: Service, admin: str, sid: str) -> None:
    """An unknown id and a malformed id get 404."""
    assert (await service.ask("GET", f"/admin/sessions/{sid}", token=admin)).problem == (404, "not-found")


async def test_scope_admin_is_required(service: Service, tokens: Tokens) -> None:
    """The session's own user gets 403, and a request without a token gets 401."""
    sid = (await service.me(tokens.access)).json()["sid"]
    refused = await service.ask("GET", f"/admin/sessions/{sid}", token=tokens.access)
    assert refused.problem == (403, "insufficient-scope")
    assert (await service.ask("GET", f"/admin/sessions/{sid}")).status == 401


async def test_store_outage_gets_503(service: Service, admin: str) -> None:
    """While the store is down, the response is 503."""
    service.sessions.down = True
    answer = await service.ask("GET", f"/admin/sessions/{UNKNOWN}", token=admin)
    assert answer.status == 503
    assert "Retry-After" in answer.headers
