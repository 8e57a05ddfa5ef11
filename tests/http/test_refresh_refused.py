"""``POST /auth/refresh`` with a token that is refused: one case for each row of the table in docs/refresh-tokens.md.

``tests/domain`` has all cases of each row.
"""

from typing import Any

import pytest

from app.domain.audit.events import (
    ForeignClientRefused,
    LoginSucceeded,
    ReuseDetected,
    SessionWasRevoked,
    TokenRefreshed,
)
from app.domain.identifiers import ClientId
from app.domain.sessions import ratchet
from app.testing.builders import refresh_token, session_of

from .service import Service, Tokens

REFUSED = (401, "invalid-grant")


async def test_unknown_token_is_refused(service: Service, tokens: Tokens) -> None:
    """Row 1: every text that is no token of a session gets the same answer, and is not audited."""
    malformed, longest, unknown = tokens.refresh[:-1], "ktr_" + "A" * 1_020, ratchet.encode(refresh_token())
    answers = [await service.refresh(text) for text in (malformed, longest, "\u00e9", "\u0000", unknown)]
    assert {answer.problem for answer in answers} == {REFUSED}
    assert len({answer.body for answer in answers}) == 1
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}
    assert service.audit.kinds() == [LoginSucceeded]


async def test_token_of_another_client_is_refused_and_audited(service: Service) -> None:
    """Row 2: the session does not change, and the audit trail names the client that presented its token."""
    token = refresh_token()
    session = session_of(token, client_id=ClientId("shop"))
    await service.store_session(session)
    assert (await service.refresh(ratchet.encode(token))).problem == REFUSED
    assert await service.sessions.repository.find(token.session_id) == session
    [event] = service.audit.events
    assert isinstance(event, ForeignClientRefused)
    assert (event.client_id, event.presented_by) == ("shop", "first-party")


async def test_tokens_of_an_ended_session_are_refused(service: Service, tokens: Tokens) -> None:
    """Row 3: after a logout, neither the current nor an older token works, and neither counts as reuse."""
    successor = await service.rotate(tokens)
    await service.ask("POST", "/auth/logout", json={"refresh_token": successor.refresh})
    for token in (successor, tokens):
        assert (await service.refresh(token.refresh)).problem == REFUSED
    assert service.audit.kinds() == [LoginSucceeded, TokenRefreshed, SessionWasRevoked]


@pytest.mark.parametrize("members", [{}, {"scope": "  "}], ids=["no scope", "malformed scope"])
async def test_reuse_ends_the_session(service: Service, tokens: Tokens, members: dict[str, Any]) -> None:
    """Row 6: a token that was replaced a replay window ago ends the session with all its tokens, whatever scope is
    requested.
    """
    current = await service.rotate(tokens)
    service.pass_replay_window()
    assert (await service.me(current.access)).status == 200
    assert (await service.refresh(tokens.refresh, **members)).problem == REFUSED
    assert service.audit.kinds()[-2:] == [SessionWasRevoked, ReuseDetected]
    assert (await service.refresh(current.refresh)).problem == REFUSED
    refused = await service.me(current.access)
    assert refused.problem == (401, "invalid-token")
    assert "revoked" in refused.json()["detail"]
