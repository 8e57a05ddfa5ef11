"""``/auth/sessions``."""

import math
import struct
from typing import Any

import pytest

from app.domain import base64url
from app.domain.audit.events import SessionWasRevoked
from app.domain.sessions.session import RevocationReason
from app.testing.system import NOW

from .forgery import MISSING, Forge, claims_of, segment
from .service import Answer, Service, Tokens


def sid(tokens: Tokens) -> str:
    """Return the session id of an access token."""
    return str(segment(tokens.access, 1)["sid"])


async def listed_sids(service: Service, tokens: Tokens) -> list[str]:
    """Return the ids of the sessions that the user of a token can list."""
    answer = await service.ask("GET", "/auth/sessions?limit=200", token=tokens.access)
    assert answer.status == 200
    return [each["sid"] for each in answer.json()["sessions"]]


async def end(service: Service, tokens: Tokens, session: str) -> Answer:
    """End a session."""
    return await service.ask("DELETE", f"/auth/sessions/{session}", token=tokens.access)


async def test_list_describes_each_session(service: Service, tokens: Tokens) -> None:
    """The oldest session comes first, and the current one is marked."""
    service.clock.advance(60)
    second = await service.sign_in(scope="account")
    service.clock.advance(60)
    second = await service.rotate(second)
    answer = await service.ask("GET", "/auth/sessions", token=second.access)
    first_listed, second_listed = answer.json()["sessions"]
    assert second_listed.pop("device").startswith("Python/")
    assert second_listed == {
        "sid": sid(second),
        "current": True,
        "client_id": "first-party",
        "scope": "account",
        "created_at": NOW + 60,
        "last_used_at": NOW + 120,
        "expires_at": NOW + 60 + 604_800,
        "address": "127.0.0.1",
    }
    assert (first_listed["sid"], first_listed["current"]) == (sid(tokens), False)
    assert answer.headers["Cache-Control"] == "no-store"


async def pages(service: Service, token: str, path: str = "/auth/sessions", *, limit: int) -> list[list[Any]]:
    """Return the sessions on each page of a list."""
    listed, after = [], ""
    while True:
        page = (await service.ask("GET", f"{path}?limit={limit}&after={after}", token=token)).json()
        listed.append(page["sessions"])
        if "next" not in page:
            return listed
        after = page["next"]


@pytest.mark.parametrize("seconds", [0, 0.25, 1])
async def test_sessions_are_listed_in_pages(service: Service, tokens: Tokens, seconds: float) -> None:
    """Each session is on one page, the oldest first, also if several began at the same time. The current one is marked
    on whichever page it is. The last page has no ``next``.
    """
    await service.create_user("bob")
    await service.sign_in("bob")
    opened = [tokens]
    for _ in range(5):
        service.clock.advance(seconds)
        opened.append(await service.sign_in())
    for current in (opened[0], opened[3], opened[5]):
        listed = await pages(service, current.access, limit=2)
        assert [len(page) for page in listed] == [2, 2, 2]
        found = [each["sid"] for page in listed for each in page]
        assert sorted(found) == sorted(map(sid, opened))
        assert not seconds or found == [sid(each) for each in opened]
        assert [each["sid"] for page in listed for each in page if each["current"]] == [sid(current)]


async def test_next_page_of_a_list_that_changes(service: Service, tokens: Tokens) -> None:
    """If the last session of a page ends, the next page still begins after it, and no session is missed."""
    opened = [tokens]
    for _ in range(3):
        service.clock.advance(1)
        opened.append(await service.sign_in())
    first = (await service.ask("GET", "/auth/sessions?limit=2", token=opened[3].access)).json()
    for tokens_of_the_page in opened[:2]:
        await end(service, opened[3], sid(tokens_of_the_page))
    second = await service.ask("GET", f"/auth/sessions?limit=2&after={first['next']}", token=opened[3].access)
    assert [each["sid"] for each in second.json()["sessions"]] == [sid(each) for each in opened[2:]]
    assert "next" not in second.json()


async def test_administrator_lists_sessions_in_pages(service: Service, tokens: Tokens) -> None:
    """The list of another user's sessions has the same pages."""
    await service.create_user("root", scope="account keyturn:admin")
    admin = (await service.sign_in("root")).access
    opened = [tokens, await service.sign_in(), await service.sign_in()]
    subject = (await service.me(tokens.access)).json()["sub"]
    listed = await pages(service, admin, f"/admin/users/{subject}/sessions", limit=2)
    assert [len(page) for page in listed] == [2, 1]
    assert sorted(each["sid"] for page in listed for each in page) == sorted(map(sid, opened))


def position(created_at: float, session_id: bytes = bytes(16)) -> str:
    """Return the cursor of a position."""
    return base64url.encode(struct.pack(">d", created_at) + session_id)


WRONG_QUERIES = [
    "limit=0",
    "limit=201",
    "limit=050",
    "limit=5&limit=6",
    "after=x",
    "after=AA",
    "after=" + base64url.encode(bytes(23)),
    "after=" + base64url.encode(bytes(25)),
    "after=" + position(math.inf),
    "after=" + position(-math.inf),
    "after=" + position(math.nan),
    "after=" + position(-1),
    "after=" + position(1) + "=",
]


@pytest.mark.parametrize("query", WRONG_QUERIES)
async def test_wrong_page_is_a_field_error(service: Service, tokens: Tokens, query: str) -> None:
    """The response is 400 and names the parameter. A position that no session can have is refused."""
    answer = await service.ask("GET", f"/auth/sessions?{query}", token=tokens.access)
    assert answer.problem == (400, "invalid-request")
    assert [each["field"] for each in answer.json()["errors"]] == [query.partition("=")[0]]


@pytest.mark.parametrize("created_at", [0, 5e-324, NOW - 1, NOW, NOW + 1, 1e300])
async def test_every_other_position_gives_a_page(service: Service, tokens: Tokens, created_at: float) -> None:
    """A cursor need not name a session that exists."""
    answer = await service.ask("GET", f"/auth/sessions?after={position(created_at)}", token=tokens.access)
    assert len(answer.json()["sessions"]) == (created_at <= NOW)


async def test_list_has_only_live_sessions_of_the_user(service: Service, tokens: Tokens) -> None:
    """Sessions of another user and ended sessions are not listed."""
    await service.create_user("bob")
    bobs, ended = await service.sign_in("bob"), await service.sign_in()
    await service.ask("POST", "/auth/logout", json={"refresh_token": ended.refresh})
    assert await listed_sids(service, tokens) == [sid(tokens)]
    assert await listed_sids(service, bobs) == [sid(bobs)]


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [(b"curl/8.5.0 (x)", "curl/8.5.0"), (b"x" * 200, "x" * 80), (b"a\tb\x85\xe2\x80\xa8\xffc", "abc"), (b"", "")],
    ids=["plain", "long", "unprintable", "empty"],
)
async def test_the_device_is_a_short_printable_name(service: Service, user_agent: bytes, device: str) -> None:
    """``User-Agent`` is cut to 80 characters, without control characters."""
    body = b'{"username": "alice", "password": "correct horse"}'
    head = b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    login = await service.send(
        b"%sUser-Agent: %s\r\nContent-Length: %d\r\n\r\n%s" % (head, user_agent, len(body), body)
    )
    answer = await service.ask("GET", "/auth/sessions", token=Tokens.of(login).access)
    assert [each["device"] for each in answer.json()["sessions"]] == [device]


async def test_ending_a_session_ends_its_tokens(service: Service, tokens: Tokens) -> None:
    """The response is 204. Both tokens of the session stop working, and the caller's tokens still work."""
    other = await service.sign_in()
    answer = await end(service, tokens, sid(other))
    assert (answer.status, answer.body) == (204, b"")
    assert (await service.me(other.access)).problem == (401, "invalid-token")
    assert (await service.refresh(other.refresh)).problem == (401, "invalid-grant")
    assert await listed_sids(service, tokens) == [sid(tokens)]
    [event] = [event for event in service.audit.events if isinstance(event, SessionWasRevoked)]
    assert event.reason is RevocationReason.ENDED_BY_USER


async def test_current_session_can_be_ended(service: Service, tokens: Tokens) -> None:
    """The caller may end their own current session."""
    assert (await end(service, tokens, sid(tokens))).status == 204
    assert (await service.me(tokens.access)).problem == (401, "invalid-token")


async def test_session_of_another_user_is_not_found(service: Service, tokens: Tokens) -> None:
    """Another user's session, an ended and an unknown one get the same 404, and the other user's session goes on."""
    await service.create_user("bob")
    bobs, ended = await service.sign_in("bob"), await service.sign_in()
    await end(service, tokens, sid(ended))
    answers = [await end(service, tokens, each) for each in (sid(bobs), sid(ended), base64url.encode(b"n" * 16))]
    assert {answer.problem for answer in answers} == {(404, "not-found")}
    assert len({answer.body for answer in answers}) == 1
    assert (await service.refresh(bobs.refresh)).status == 200


@pytest.mark.parametrize(
    "session", ["x", "A" * 21, "A" * 21 + "B", "A" * 23, "A" * 4_000, "%00", "%C3%A9", "%FF", "%2F", "="]
)
async def test_malformed_session_id_is_not_found(service: Service, tokens: Tokens, session: str) -> None:
    """Any text that is no session id gets 404."""
    assert (await end(service, tokens, session)).problem == (404, "not-found")


async def test_all_sessions_can_be_ended(service: Service, tokens: Tokens) -> None:
    """Every session of the user ends, also the current one. Another user's session goes on."""
    await service.create_user("bob")
    bobs, other = await service.sign_in("bob"), await service.sign_in()
    assert (await service.ask("DELETE", "/auth/sessions", token=tokens.access)).status == 204
    for each in (tokens, other):
        assert (await service.me(each.access)).problem == (401, "invalid-token")
        assert (await service.refresh(each.refresh)).problem == (401, "invalid-grant")
    assert (await service.refresh(bobs.refresh)).status == 200


GUARDED = [("GET", "/auth/sessions"), ("DELETE", "/auth/sessions"), ("DELETE", "/auth/sessions/" + "A" * 22)]


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_scope_account_is_required(service: Service, method: str, path: str) -> None:
    """Without the scope the response is 403, and body and challenge name the scope."""
    tokens = await service.sign_in(scope="orders:read")
    answer = await service.ask(method, path, token=tokens.access)
    assert answer.problem == (403, "insufficient-scope")
    assert "account" in answer.json()["detail"]
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer error="insufficient_scope"')
    assert 'scope="account"' in challenge


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_token_without_a_session_is_refused(
    service: Service, tokens: Tokens, forge: Forge, method: str, path: str
) -> None:
    """A token of ``client_credentials`` is refused, even with the scope."""
    sessionless = forge.token(claims_of(tokens.access, sid=MISSING, auth_time=MISSING))
    answer = await service.ask(method, path, token=sessionless)
    assert answer.problem == (403, "insufficient-scope")
    assert 'scope="account"' in answer.headers["WWW-Authenticate"]
    assert await listed_sids(service, tokens) == [sid(tokens)]
