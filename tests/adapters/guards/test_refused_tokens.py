"""What a guard logs about the tokens that it refuses."""

import json
import logging

import pytest

from app.adapters.guards.core import GuardCore
from app.adapters.guards.refused_tokens import RefusedTokens
from app.domain import base64url
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.errors import ExpiredToken, InvalidToken, UnknownSigner, WrongAudience, WrongIssuer
from app.domain.verifier.errors import KeysUnknown

_OURS = "http://127.0.0.1:8080"
_THEIRS = "http://127.0.0.1:23001"


class Refusing:
    """Refuses every token for one reason."""

    def __init__(self, reason: type[Exception]) -> None:
        self._reason = reason

    def validate(self, token: str) -> AccessTokenClaims:
        raise self._reason


def _token(kid: str | None = None, **claims: object) -> str:
    header, payload = (base64url.encode(json.dumps(each).encode()) for each in ({"kid": kid}, claims))
    return f"{header}.{payload}.signature"


def _core(reason: type[Exception]) -> GuardCore[str, Exception]:
    return GuardCore(Refusing(reason), token=str, render=lambda error: error, issuer=_OURS, audience="shop")


@pytest.mark.parametrize("reason", [WrongIssuer, UnknownSigner, KeysUnknown])
def test_both_issuers_and_the_mend_are_logged(reason: type[Exception], caplog: pytest.LogCaptureFixture) -> None:
    """A refused token of another issuer is logged once a minute, with both issuers and what to change."""
    core = _core(reason)
    for _ in range(2):
        with pytest.raises(reason):
            core.authenticate(_token(iss=_THEIRS))
    [record] = caplog.records
    assert (record.name, record.levelno) == ("keyturn.guard", logging.WARNING)
    assert _THEIRS in record.getMessage()
    assert f"KEYTURN_ISSUER={_OURS}" in record.getMessage()


def test_other_refusals_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """An expired token of another issuer says nothing about the set-up, and a malformed one neither."""
    for reason in (ExpiredToken, InvalidToken):
        with pytest.raises(reason):
            _core(reason).authenticate(_token(iss=_THEIRS))
    assert not caplog.records


@pytest.mark.parametrize(
    "token",
    [
        _token(iss=_OURS),
        _token(iss="a secret that is no URL"),
        _token(iss="http://name:password@id.example"),
        _token(iss=f"http://id.example/{'x' * 201}"),
        _token(iss="http://id.example\n"),
        _token(iss=7),
        _token(),
        "no token",
        "a.b.c",
        f"a.{'A' * 9_000}.c",
    ],
)
def test_only_issuers_are_logged(token: str, caplog: pytest.LogCaptureFixture) -> None:
    """Text that a client chose is logged only if it can be an issuer."""
    RefusedTokens(_OURS).note(WrongIssuer(), token)
    assert not caplog.records


@pytest.mark.parametrize(
    ("reason", "token", "text"),
    [
        (
            WrongAudience,
            _token(iss=_OURS, aud="orders"),
            "a token for 'orders' is refused, this guard accepts 'shop': set audience= or KEYTURN_AUDIENCE",
        ),
        (WrongAudience, _token(iss=_OURS, aud=["orders", "a\nb"]), "a token for 'orders', 'a\\nb' is refused"),
        (
            WrongIssuer,
            _token(iss=f"{_OURS}/"),
            f"a token of {_OURS}/ is refused, because this guard accepts tokens of {_OURS}: they differ by the slash",
        ),
        (UnknownSigner, _token("kid-7", iss=_OURS), "a token names an unknown key: kid-7."),
    ],
)
def test_the_fault_is_logged_once_a_minute(
    reason: type[Exception], token: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A token for another audience, and one of an unknown key of the own issuer, are logged once a minute each."""
    core = _core(reason)
    for _ in range(2):
        with pytest.raises(reason):
            core.authenticate(token)
    [record] = caplog.records
    assert record.getMessage().startswith(text)


@pytest.mark.parametrize("token", [_token("a secret\n"), _token("x" * 101), _token(""), _token(iss=_OURS), "no token"])
def test_only_the_ids_of_keys_are_logged(token: str, caplog: pytest.LogCaptureFixture) -> None:
    """Text that a client chose is logged only if it can be a ``kid``."""
    RefusedTokens(_OURS).note(UnknownSigner(), token)
    assert not caplog.records
