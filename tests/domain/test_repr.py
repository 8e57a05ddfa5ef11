"""The ``repr`` of values, which appears in logs and tracebacks."""

from dataclasses import replace

import pytest

from app.domain.clients.client import Client, ClientSecret
from app.domain.clients.presented_credential import AssertionClaims, PresentedAssertion, PresentedSecret
from app.domain.clients.registration import ClientWithSecret
from app.domain.identifiers import ClientId
from app.domain.keys.signing_key import SigningKey
from app.domain.keys.stored_key import StoredKey
from app.domain.scope import Scope
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.ratchet import RefreshToken
from app.domain.sessions.replaced import ReplacedSecret, ReplacedSecrets
from app.domain.tokens.issuing import IssuedAccessToken
from app.testing.builders import ALICE, access_token_claims, refresh_token, session_of

MARK = "c0ffee"
BYTES = b"c0ffee".ljust(32, b"!")
ISSUED = IssuedTokens(
    session_id=refresh_token().session_id,
    access_token="",
    expires_in=1,
    refresh_token="",
    refresh_token_expires_in=1,
    scope=Scope(),
)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(RefreshToken(refresh_token().session_id, BYTES[:16], b"x" * 32), id="a lineage"),
        pytest.param(RefreshToken(refresh_token().session_id, b"x" * 16, BYTES), id="a secret"),
        pytest.param(session_of(refresh_token(), lineage_digest=BYTES), id="a lineage's digest"),
        pytest.param(session_of(refresh_token(), secret_digest=BYTES), id="a secret's digest"),
        pytest.param(
            session_of(refresh_token(), replaced=ReplacedSecrets.of(ReplacedSecret(BYTES, BYTES, 1.0))),
            id="replaced secrets",
        ),
        pytest.param(replace(ALICE, password_hash=MARK), id="a password's hash"),
        pytest.param(IssuedAccessToken(text=MARK, expires_in=1, scope=Scope()), id="an access token"),
        pytest.param(replace(ISSUED, access_token=MARK), id="an access token in a response"),
        pytest.param(replace(ISSUED, refresh_token=MARK), id="a refresh token in a response"),
        pytest.param(access_token_claims(token_id=MARK), id="an access token's id"),
        pytest.param(StoredKey(SigningKey("kid"), BYTES), id="a private key"),
        pytest.param(ClientSecret(BYTES), id="a client secret's digest"),
        pytest.param(Client(ClientId("c"), secrets=(ClientSecret(BYTES),)), id="a client's secrets"),
        pytest.param(PresentedSecret(ClientId("c"), MARK), id="a client's secret"),
        pytest.param(PresentedAssertion(MARK), id="an assertion"),
        pytest.param(AssertionClaims("i", "s", ("a",), 1, MARK), id="an assertion's id"),
        pytest.param(ClientWithSecret(Client(ClientId("c")), MARK), id="a new client's secret"),
    ],
)
def test_no_secret_is_in_a_repr(value: object) -> None:
    """The ``repr`` of a value has its class name but not its secret."""
    assert type(value).__name__ in repr(value)
    assert MARK not in repr(value)


def test_the_repr_of_a_session_names_its_subject() -> None:
    """An operator can recognise a session by its ``repr``."""
    session = session_of(refresh_token())
    assert session.subject in repr(session)
