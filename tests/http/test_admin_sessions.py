"""``GET /admin/sessions/{sid}`` over HTTP. ``tests/domain/test_explanation.py`` has the explanations."""

import pytest

from app.domain.audit.events import SessionWasRevoked

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


async def test_all_sessions_of_a_user_end(service: Service, admin: str, tokens: Tokens) -> None:
    """The user's tokens stop working, the administrator's do not, and the reason is recorded."""
    other = await service.sign_in()
    sub = (await service.me(tokens.access)).json()["sub"]
    assert (await service.ask("DELETE", f"/admin/users/{sub}/sessions", token=admin)).status == 204
    assert [(await service.me(each.access)).status for each in (tokens, other)] == [401, 401]
    listed = await service.ask("GET", f"/admin/users/{sub}/sessions", token=admin)
    assert listed.json()["sessions"] == []
    revoked = [each for each in service.audit.events if isinstance(each, SessionWasRevoked)]
    assert [each.reason for each in revoked] == ["ended_by_admin"] * 2


async def test_sign_ins_name_sessions_that_have_ended(service: Service, admin: str, tokens: Tokens) -> None:
    """The latest sign-in is the first. Each names its session, which can be explained after its end."""
    claims = (await service.me(tokens.access)).json()
    service.clock.advance(1)
    later = (await service.me((await service.sign_in()).access)).json()["sid"]
    await service.ask("POST", "/auth/logout", token=tokens.access)
    await service.container.audit_recorder().save()
    path = f"/admin/users/{claims['sub']}/sign-ins"
    listed = (await service.ask("GET", path, token=admin)).json()["sign_ins"]
    assert [(each["name"], each["sid"]) for each in listed] == [
        ("login_succeeded", later),
        ("login_succeeded", claims["sid"]),
    ]
    one = (await service.ask("GET", f"{path}?limit=1", token=admin)).json()["sign_ins"]
    assert [each["sid"] for each in one] == [later]
    told = (await service.ask("GET", f"/admin/sessions/{claims['sid']}", token=admin)).json()
    assert told["state"] == "revoked"


@pytest.mark.parametrize(("method", "path"), [("DELETE", "sessions"), ("GET", "sign-ins")])
async def test_administration_of_nobody(service: Service, admin: str, tokens: Tokens, method: str, path: str) -> None:
    """An unknown user gets 404, and who is no administrator 403."""
    unknown = f"/admin/users/nobody/{path}"
    assert (await service.ask(method, unknown, token=admin)).problem == (404, "not-found")
    assert (await service.ask(method, unknown, token=tokens.access)).problem == (403, "insufficient-scope")
