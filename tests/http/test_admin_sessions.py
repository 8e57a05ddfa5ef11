"""``GET /admin/sessions/{sid}``: who may ask, and what for."""

import pytest

from .service import Service, Tokens

UNKNOWN = "AAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
async def admin(service: Service) -> str:
    """Return an administrator's access token."""
    await service.create_user("root", scope="account keyturn:admin")
    return (await service.sign_in("root")).access


async def test_a_live_session_is_explained(service: Service, admin: str, tokens: Tokens) -> None:
    """By its id, as the token's ``sid`` has it, before any event of it is kept."""
    sid = (await service.me(tokens.access)).json()["sid"]
    answer = await service.ask("GET", f"/admin/sessions/{sid}", token=admin)
    assert answer.status == 200
    assert (answer.json()["sid"], answer.json()["state"]) == (sid, "live")


@pytest.mark.parametrize("sid", [UNKNOWN, "short", "%0d%0a%1b%5b31m", "%E2%80%A8", "A" * 4_000])
async def test_what_is_not_known_is_not_found(service: Service, admin: str, sid: str) -> None:
    """Whether the session never was or the id is none."""
    assert (await service.ask("GET", f"/admin/sessions/{sid}", token=admin)).problem == (404, "not-found")


async def test_only_administrators_may_ask(service: Service, tokens: Tokens) -> None:
    """Not the session's own user, nor anyone without a token."""
    sid = (await service.me(tokens.access)).json()["sid"]
    refused = await service.ask("GET", f"/admin/sessions/{sid}", token=tokens.access)
    assert refused.problem == (403, "insufficient-scope")
    assert (await service.ask("GET", f"/admin/sessions/{sid}")).status == 401


async def test_an_outage_is_said(service: Service, admin: str) -> None:
    """503, as everywhere."""
    service.sessions.down = True
    answer = await service.ask("GET", f"/admin/sessions/{UNKNOWN}", token=admin)
    assert answer.status == 503
    assert "Retry-After" in answer.headers
