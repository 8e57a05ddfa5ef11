"""``POST /auth/logout``."""

from collections.abc import Callable

import pytest

from app.domain.audit.events import SessionWasRevoked
from app.domain.identifiers import ClientId
from app.domain.sessions import ratchet
from app.domain.sessions.session import RevocationReason
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


async def test_body_takes_precedence_over_the_header(service: Service, tokens: Tokens) -> None:
    """With a token in both, the session of the refresh token ends and the other session goes on."""
    other = await service.sign_in()
    assert (await log_out(service, body=tokens.refresh, header=other.access)).status == 204
    await assert_ended(service, tokens)
    await assert_live(service, other)


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
    codec = service.container.token_codec()
    access = codec.encode(access_token_claims(client_id=ClientId("shop")), kid=forge.kid)
    assert (await log_out(service, body=ratchet.encode(token))).status == 204
    assert (await log_out(service, header=access)).status == 204
    assert (await service.sessions.repository.find(token.session_id)).revoked_at is None


async def test_token_without_a_session_ends_no_session(service: Service, tokens: Tokens, forge: Forge) -> None:
    """A token of ``client_credentials`` has no session that could end."""
    sessionless = forge.token(claims_of(tokens.access, sid=MISSING, auth_time=MISSING, iss=ISSUER))
    assert (await log_out(service, header=sessionless)).status == 204
    await assert_live(service, tokens)


async def test_expired_access_token_ends_no_session(service: Service, tokens: Tokens) -> None:
    """The response is 204. The session can still be ended with its refresh token."""
    service.clock.advance(1_000)
    assert (await log_out(service, header=tokens.access)).status == 204
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_logout_without_a_token_is_refused(service: Service) -> None:
    """The response is 401 with a challenge that names no error."""
    answer = await log_out(service)
    assert answer.problem == (401, "missing-token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_body_of_another_type_is_refused(service: Service, tokens: Tokens) -> None:
    """A form is refused, not ignored, even with an access token in the header."""
    answer = await service.ask("POST", "/auth/logout", data={"refresh_token": tokens.refresh}, token=tokens.access)
    assert answer.problem == (415, "unsupported-media-type")
    await assert_live(service, tokens)
