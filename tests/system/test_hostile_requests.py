"""Requests that no honest client sends, on every store."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession
from yarl import URL

from app.domain import base64url

from .backends import KINDS, backend
from .load import PASSWORD, USERNAME
from .processes import Service, running

_BAD_QUERIES: Final = (
    "limit=000000001999",
    "limit=" + 4_400 * "9",
    "limit=000000001" + 4_400 * "9",
    "limit=0",
    "limit=5&limit=5",
    "limit=%D9%A5",
    "after=AA",
    "after=YQBi",
    "after=7aCA",
    "after=%FF",
    "after=" + "YWFh" * 1_500,
)
"""A limit that is judged in part, huge, too small, repeated and not ASCII; a cursor with a zero byte, two of them in a
name, half of a surrogate pair, not base64url, and too long.
"""

_LISTS: Final = ("/admin/users", "/admin/clients", "/auth/sessions")

_BAD_TEXTS: Final = ("\0", "a\0b", "\ud800", "a\udfffb", "\U0010ffff", "\u202e", "%00", "x" * 300)
_SID: Final = "A" * 22
_BAD_SEGMENTS: Final = ("%00", "a%00b", "%ED%A0%80", "%FF", "%F4%8F%BF%BF", "x" * 3_000, "..%2F", "1" * 4_400)


@pytest.fixture(scope="module", params=["memory", *KINDS])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service on each kind of store."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    if request.param == "memory":
        with running(folder, {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}) as service:
            yield service
        return
    with backend(request.param, folder) as store, running(folder, store.settings) as service:
        yield service


@pytest.fixture
async def admin(service: Service) -> str:
    """Return the access token of an administrator."""
    async with ClientSession(service.url) as client:
        body = {"username": USERNAME, "password": PASSWORD}
        async with client.post("/auth/login", json=body) as answer:
            token: str = (await answer.json())["access_token"]
            return token


async def ask(service: Service, method: str, path: str, **options: Any) -> tuple[int, Any]:
    """Send a request whose path is already encoded. Return the status and the body, which must be JSON or empty."""
    async with (
        ClientSession() as client,
        client.request(method, URL(service.url + path, encoded=True), **options) as answer,
    ):
        body = await answer.read()
        return answer.status, json.loads(body) if body else None


async def test_wrong_query_is_a_field_error(service: Service, admin: str) -> None:
    """Each list answers 400 and names the parameter, whatever the store would say."""
    headers = {"Authorization": f"Bearer {admin}"}
    for path in _LISTS:
        for query in _BAD_QUERIES:
            status, body = await ask(service, "GET", f"{path}?{query}", headers=headers)
            named = [each["field"] for each in body.get("errors", [])]
            assert (status, named) == (400, [query.partition("=")[0]]), (path, query[:40], body)


async def test_sessions_are_listed_in_pages(service: Service) -> None:
    """Each session is on exactly one page, whatever the store, and the current one is marked."""
    body = {"username": USERNAME, "password": PASSWORD}
    opened = [(await ask(service, "POST", "/auth/login", json=body))[1]["access_token"] for _ in range(7)]
    _, caller = await ask(service, "GET", "/auth/me", headers={"Authorization": f"Bearer {opened[3]}"})
    for path in ("/auth/sessions", f"/admin/users/{caller['sub']}/sessions"):
        listed, after = [], ""
        while True:
            query = f"{path}?limit=3&after={after}"
            status, page = await ask(service, "GET", query, headers={"Authorization": f"Bearer {opened[3]}"})
            assert status == 200, page
            listed += page["sessions"]
            if "next" not in page:
                break
            assert len(page["sessions"]) == 3
            after = page["next"]
        assert len({each["sid"] for each in listed}) == len(listed) >= len(opened)
        assert [each["sid"] for each in listed if each["current"]] == [caller["sid"]]
        times = [each["created_at"] for each in listed]
        assert times == sorted(times)


async def test_position_without_a_session_gives_a_page(service: Service, admin: str) -> None:
    """Each store takes a cursor that names no session: before all of them, or after all."""
    for created_at, is_before in (
        (0.0, True),
        (-0.0, True),
        (5e-324, True),
        (1.5, True),
        (1e18, False),
        (1e300, False),
    ):
        for session_id in (bytes(16), b"\xff" * 16):
            after = base64url.encode(struct.pack(">d", created_at) + session_id)
            headers = {"Authorization": f"Bearer {admin}"}
            status, page = await ask(service, "GET", f"/auth/sessions?after={after}", headers=headers)
            assert (status, bool(page.get("sessions"))) == (200, is_before), (created_at, page)


async def test_wrong_since_is_a_field_error(service: Service) -> None:
    """The feed answers 400 and names the parameter."""
    for value in ("000000000001", 4_400 * "9", "-1", "1&since=1"):
        status, body = await ask(service, "GET", f"/.well-known/revoked-sessions?since={value}")
        assert (status, [each["field"] for each in body["errors"]]) == (400, ["since"])


async def test_path_that_names_nothing_is_not_found(service: Service, admin: str) -> None:
    """An id that no store can hold is an id that does not exist."""
    headers = {"Authorization": f"Bearer {admin}"}
    for segment in _BAD_SEGMENTS:
        for method, path in (
            ("GET", f"/admin/users/{segment}"),
            ("POST", f"/admin/users/{segment}/disable"),
            ("POST", f"/admin/users/{segment}/enable"),
            ("GET", f"/admin/users/{segment}/sessions"),
            ("DELETE", f"/admin/users/{segment}/sessions/{_SID}"),
            ("DELETE", f"/admin/users/{_SID}/sessions/{segment}"),
            ("GET", f"/admin/sessions/{segment}"),
            ("DELETE", f"/auth/sessions/{segment}"),
            ("DELETE", f"/admin/clients/{segment}"),
            ("POST", f"/admin/clients/{segment}/secret"),
        ):
            status, body = await ask(service, method, path, headers=headers)
            assert status == 404, (method, path[:60], status, body)
        body = {"new_password": "correct horse battery"}
        status, _ = await ask(service, "PUT", f"/admin/users/{segment}/password", headers=headers, json=body)
        assert status == 404


async def test_text_that_no_store_can_hold(service: Service, admin: str) -> None:
    """A text with a zero byte or half of a surrogate pair is refused wherever it comes in, and is never a 5xx."""
    headers = {"Authorization": f"Bearer {admin}"}
    for text in _BAD_TEXTS:
        for path, members in (
            ("/auth/login", {"username": text, "password": PASSWORD}),
            ("/auth/login", {"username": USERNAME, "password": text}),
            ("/auth/login", {"username": USERNAME, "password": PASSWORD, "scope": text}),
            ("/auth/login", {"username": USERNAME, "password": "wrong", "device_token": text}),
            ("/auth/refresh", {"refresh_token": text}),
            ("/auth/logout", {"refresh_token": text, "access_token": text}),
            ("/admin/users", {"username": "\0" + text, "password": "correct horse battery"}),
            ("/admin/users", {"username": "bob", "password": "correct horse battery", "scope": text + '"'}),
            ("/admin/clients", {"client_id": text + "/", "grants": ["refresh_token"]}),
            ("/admin/clients", {"client_id": "c", "grants": [text]}),
            ("/admin/clients", {"client_id": "c", "grants": ["client_credentials"], "audiences": [text + " "]}),
        ):
            status, body = await ask(service, "POST", path, headers=headers, json=members)
            assert 200 <= status < 500, (path, members, body)
        form = {"client_id": text.encode("utf-8", "surrogatepass"), "token": b"x", "grant_type": b"refresh_token"}
        for path in ("/oauth/token", "/oauth/introspect", "/oauth/revoke"):
            encoded = "&".join(f"{name}={''.join(f'%{byte:02X}' for byte in value)}" for name, value in form.items())
            types = {"Content-Type": "application/x-www-form-urlencoded"}
            status, body = await ask(service, "POST", path, headers=types, data=encoded)
            assert 400 <= status < 500, (path, text, body)


async def test_number_that_is_no_number(service: Service, admin: str) -> None:
    """Numbers of a body are judged whole, too: out of range, with an exponent, and with thousands of digits."""
    headers = {"Authorization": f"Bearer {admin}", "Content-Type": "application/json"}
    for number in ("-1", "1e300", "1e999", "0.5", "9" * 4_000, "9" * 4_400, "true", '"60"'):
        path = "/admin/clients/unknown/secret"
        status, body = await ask(service, "POST", path, headers=headers, data=f'{{"grace": {number}}}')
        assert status == 400, (number[:20], body)
    status, _ = await ask(service, "POST", "/admin/clients/unknown/secret", headers=headers, data='{"grace": 60.0}')
    assert status == 404
