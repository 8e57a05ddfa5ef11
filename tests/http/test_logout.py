"""``POST /auth/logout``."""

from collections.abc import Callable
from typing import Any

import pytest

from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain.audit.events import SessionWasRevoked
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import ClientId, SessionId
from app.domain.sessions import ratchet
from app.domain.sessions.session import RevocationReason, Session
from app.testing.builders import ISSUER, access_token_claims, refresh_token, session_of

from .forgery import MISSING, Forge, claims_of
from .service import Answer, Service, Tokens


async def log_out(service: Service, *, body: str | None = None, header: str | None = None) -> Answer:
    """Log out with a refresh token in the body, an access token in the header, both or neither."""
    options = {} if body is None else {"json": {"refresh_token": body}}
    return await service.ask("POST", "/auth/logout", token=header, **options)


async def assert_ended(service: Service, tokens: Tokens) -> None:
    """Check that neither token works any more."""
    assert (await service.me(tokens.access)).problem == (401, "invalid-token")
    assert (await service.refresh(tokens.refresh)).problem == (401, "invalid-grant")


async def assert_live(service: Service, tokens: Tokens) -> None:
    """Check that both tokens work."""
    assert (await service.me(tokens.access)).status == 200
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_refresh_token_ends_its_session(service: Service, tokens: Tokens) -> None:
    """The response is 204 without a body. Both tokens stop working at once, and the audit trail has the reason."""
    other = await service.sign_in()
    answer = await log_out(service, body=tokens.refresh)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    await assert_ended(service, tokens)
    await assert_live(service, other)
    [event] = [event for event in service.audit.events if isinstance(event, SessionWasRevoked)]
    assert event.reason is RevocationReason.LOGOUT


async def test_access_token_ends_its_session(service: Service, tokens: Tokens) -> None:
    """A client may send only its access token, in the header, without a body."""
    assert (await log_out(service, header=tokens.access)).status == 204
    await assert_ended(service, tokens)


@pytest.mark.parametrize("body", [{}, {"refresh_token": None}], ids=["empty", "null"])
async def test_body_without_a_token_uses_the_header(service: Service, tokens: Tokens, body: dict[str, object]) -> None:
    """An empty JSON object counts as no body."""
    assert (await service.ask("POST", "/auth/logout", json=body, token=tokens.access)).status == 204
    await assert_ended(service, tokens)


async def test_older_refresh_token_ends_its_session(service: Service, tokens: Tokens) -> None:
    """A client that lost its newest refresh token can still log out with an older one."""
    current = await service.rotate(await service.rotate(tokens))
    assert (await log_out(service, body=tokens.refresh)).status == 204
    await assert_ended(service, current)


async def test_every_named_session_ends(service: Service, tokens: Tokens) -> None:
    """Tokens of three sessions, two in the body and one in the header, end all three and no fourth."""
    second, third, fourth = [await service.sign_in() for _ in range(3)]
    body = {"refresh_token": tokens.refresh, "access_token": second.access}
    assert (await service.ask("POST", "/auth/logout", json=body, token=third.access)).status == 204
    for ended in (tokens, second, third):
        await assert_ended(service, ended)
    await assert_live(service, fourth)


@pytest.mark.parametrize("where", ["refresh_token", "access_token", "header"])
@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_token_of_either_kind_counts_anywhere(service: Service, tokens: Tokens, where: str, kind: str) -> None:
    """A token is read by its prefix, so one that was put in the wrong place ends its session too."""
    token = getattr(tokens, kind)
    options: dict[str, Any] = {"token": token} if where == "header" else {"json": {where: token}}
    assert (await service.ask("POST", "/auth/logout", **options)).status == 204
    await assert_ended(service, tokens)


UNUSABLE = ["", None, "rubbish", "ktr_", "ktr_" + "A" * 87, "a.b.c", "x" * 12_000, "\u5ba2", "\0", " "]


@pytest.mark.parametrize("member", ["refresh_token", "access_token"])
@pytest.mark.parametrize("value", UNUSABLE, ids=[repr(each)[:12] for each in UNUSABLE])
async def test_unusable_token_beside_a_good_header(
    service: Service, tokens: Tokens, member: str, value: object
) -> None:
    """The session of the header ends, whatever string the body has in place of a token."""
    answer = await service.ask("POST", "/auth/logout", json={member: value}, token=tokens.access)
    assert answer.status == 204
    await assert_ended(service, tokens)


@pytest.mark.parametrize("header", ["rubbish", "a.b.c", ""])
async def test_unusable_header_beside_a_good_body(service: Service, tokens: Tokens, header: str) -> None:
    """The session of the body ends, whatever the header has in place of a token."""
    assert (await log_out(service, body=tokens.refresh, header=header)).status == 204
    await assert_ended(service, tokens)


async def test_other_scheme_beside_a_good_body(service: Service, tokens: Tokens) -> None:
    """A header that names no token, such as one of a proxy, does not keep the body from being read."""
    headers = {"Authorization": "Basic YTpi"}
    body = {"refresh_token": tokens.refresh}
    assert (await service.ask("POST", "/auth/logout", json=body, headers=headers)).status == 204
    await assert_ended(service, tokens)


async def test_second_logout_succeeds(service: Service, tokens: Tokens) -> None:
    """Tokens of an ended session get 204 (RFC 7009 §2.2), and no second audit event."""
    for _ in range(2):
        assert (await log_out(service, body=tokens.refresh)).status == 204
        assert (await log_out(service, header=tokens.access)).status == 204
    assert service.audit.kinds().count(SessionWasRevoked) == 1


@pytest.mark.parametrize("change", [lambda _: "rubbish", lambda token: token[:-1], lambda token: token + "A"])
async def test_unknown_token_gets_204(service: Service, tokens: Tokens, change: Callable[[str], str]) -> None:
    """An unknown token of either kind ends no session."""
    assert (await log_out(service, body=change(tokens.refresh))).status == 204
    assert (await log_out(service, header=change(tokens.access))).status == 204
    await assert_live(service, tokens)


async def test_tokens_of_another_client_end_no_session(service: Service, forge: Forge) -> None:
    """The other client's session goes on, whichever of its tokens is presented."""
    token = refresh_token()
    await service.store_session(session_of(token, client_id=ClientId("shop")))
    claims, codec = access_token_claims(client_id=ClientId("shop")), service.container.token_codec()
    access = await service.container.token_signing().sign(lambda kid: codec.signing_input(claims, kid=kid))
    assert (await log_out(service, body=ratchet.encode(token))).status == 204
    assert (await log_out(service, header=access)).status == 204
    assert (await service.sessions.repository.find(token.session_id)).revoked_at is None


async def test_token_without_a_session_ends_no_session(service: Service, tokens: Tokens, forge: Forge) -> None:
    """A token of ``client_credentials`` has no session that could end."""
    sessionless = forge.token(claims_of(tokens.access, sid=MISSING, auth_time=MISSING, iss=ISSUER))
    assert (await log_out(service, header=sessionless)).status == 204
    await assert_live(service, tokens)


@pytest.mark.parametrize("wait", [1_000, 86_400, 6 * 86_400])
async def test_expired_access_token_ends_its_session(service: Service, tokens: Tokens, wait: int) -> None:
    """Somebody who signs out after lunch is signed out, although their access token has expired."""
    service.clock.advance(wait)
    assert (await service.me(tokens.access)).problem == (401, "invalid-token")
    assert (await log_out(service, header=tokens.access)).status == 204
    assert (await service.refresh(tokens.refresh)).problem == (401, "invalid-grant")


async def test_access_token_for_another_audience_ends_its_session(
    service: Service, tokens: Tokens, forge: Forge
) -> None:
    """A token that this service issued for another API names the same session."""
    other = forge.token(claims_of(tokens.access, aud="https://mail.example/"))
    assert (await log_out(service, header=other)).status == 204
    await assert_ended(service, tokens)


async def test_token_of_a_dropped_key_ends_no_session(service: Service, tokens: Tokens) -> None:
    """Whoever has a compromised key that is not published any more can end no session with it."""
    stranger = Forge(generate_rsa_key(2048))
    assert (await log_out(service, header=stranger.token(claims_of(tokens.access)))).status == 204
    await assert_live(service, tokens)


async def test_token_of_another_issuer_ends_no_session(service: Service, tokens: Tokens, forge: Forge) -> None:
    """The issuer is checked, also where two services share a key."""
    token = forge.token(claims_of(tokens.access, iss="https://other.example"))
    assert (await log_out(service, header=token)).status == 204
    await assert_live(service, tokens)


async def test_logout_fills_no_cache_of_tokens(service: Service, tokens: Tokens) -> None:
    """The tokens that are presented here take no room from the tokens in use."""
    cache = service.container.token_codec()._verifier._cache  # type: ignore[attr-defined]  # it is joserfc's codec
    service.clock.advance(1_000)
    assert (await log_out(service, header=tokens.access)).status == 204
    assert cache.get(tokens.access) is None


@pytest.mark.parametrize(
    "body", [None, {}, {"refresh_token": ""}, {"refresh_token": None, "access_token": ""}], ids=str
)
async def test_logout_without_a_token_is_refused(service: Service, body: dict[str, object] | None) -> None:
    """The response is 401 with a challenge that names no error. An empty token counts as missing."""
    answer = await service.ask("POST", "/auth/logout", json=body)
    assert answer.problem == (401, "missing-token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


BEACONS = {
    "text/plain": '{"refresh_token": "%s"}',
    "text/plain;charset=UTF-8": '{"refresh_token": "%s"}',
    'Text/Plain; charset="utf-8"': '{"refresh_token": "%s"}',
    "application/json;charset=utf-8": '{"refresh_token": "%s"}',
    "application/x-www-form-urlencoded": "refresh_token=%s",
    "application/x-www-form-urlencoded;charset=UTF-8": "access_token=&refresh_token=%s&page=cart",
}


@pytest.mark.parametrize("media_type", BEACONS)
async def test_beacon_ends_its_session(service: Service, tokens: Tokens, media_type: str) -> None:
    """``navigator.sendBeacon`` sends a string as text and ``URLSearchParams`` as a form, both with a charset."""
    body, headers = BEACONS[media_type] % tokens.refresh, {"Content-Type": media_type}
    assert (await service.ask("POST", "/auth/logout", data=body, headers=headers)).status == 204
    await assert_ended(service, tokens)


@pytest.mark.parametrize("path", ["/auth/login", "/auth/refresh", "/auth/password"])
@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded"])
async def test_beacon_is_accepted_at_logout_alone(service: Service, tokens: Tokens, path: str, media_type: str) -> None:
    """Other routes take JSON only, so that no page of another origin can call them without a preflight."""
    method = "PUT" if path == "/auth/password" else "POST"
    headers = {"Content-Type": media_type}
    answer = await service.ask(method, path, data=b"{}", headers=headers, token=tokens.access)
    assert answer.problem == (415, "unsupported-media-type")


async def test_cookie_ends_no_session(service: Service, tokens: Tokens) -> None:
    """A page of another origin can send a beacon with cookies, so no cookie counts."""
    headers = {"Content-Type": "text/plain", "Cookie": f"refresh_token={tokens.refresh}; access_token={tokens.access}"}
    answer = await service.ask("POST", "/auth/logout", data=b"{}", headers=headers)
    assert answer.problem == (401, "missing-token")
    await assert_live(service, tokens)


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        ("multipart/form-data; boundary=x", "--x--", (415, "unsupported-media-type")),
        ("text/html", "{}", (415, "unsupported-media-type")),
        ("text/plain;charset=latin-1", "{}", (415, "unsupported-media-type")),
        ("text/plain", "refresh_token=x", (400, "invalid-request")),
        ("text/plain", '{"refresh_token"', (400, "invalid-request")),
        ("application/json", '{"refresh_token": 5}', (400, "invalid-request")),
        ("application/json", '{"refresh_token": "x", "refresh_token": "x"}', (400, "invalid-request")),
        ("application/x-www-form-urlencoded", "refresh_token=x&refresh_token=y", (400, "invalid-request")),
        ("application/x-www-form-urlencoded", "refresh_token", (400, "invalid-request")),
    ],
)
async def test_malformed_body_is_refused(
    service: Service, tokens: Tokens, media_type: str, body: str, expected: tuple[int, str]
) -> None:
    """A body that cannot be read is refused, not ignored: the answer is an error, and nothing has ended."""
    headers = {"Content-Type": media_type}
    answer = await service.ask("POST", "/auth/logout", data=body, headers=headers, token=tokens.access)
    assert answer.problem == expected
    await assert_live(service, tokens)


@pytest.mark.parametrize("framing", [b"Content-Length: 0\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
async def test_empty_body_counts_as_none(service: Service, tokens: Tokens, framing: bytes) -> None:
    """A body without a byte needs no media type, with either framing of HTTP."""
    head = b"POST /auth/logout HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % tokens.access.encode()
    assert (await service.send(head + framing)).status == 204
    await assert_ended(service, tokens)


async def test_store_outage_is_503_and_the_rest_ends(service: Service, tokens: Tokens) -> None:
    """If the store does not answer for one token, the session of the other one ends, and the answer is 503."""
    other = await service.sign_in()
    find, unanswered = service.sessions.repository.find, ratchet.parse(tokens.refresh).session_id

    async def find_or_fail(session_id: SessionId) -> Session | None:
        if session_id == unanswered:
            raise StoreUnavailable
        found: Session | None = await find(session_id)
        return found

    service.sessions.repository.find = find_or_fail
    answer = await log_out(service, body=tokens.refresh, header=other.access)
    assert answer.problem == (503, "temporarily-unavailable")
    service.sessions.repository.find = find
    await assert_ended(service, other)
    assert (await log_out(service, body=tokens.refresh, header=other.access)).status == 204
    await assert_ended(service, tokens)
