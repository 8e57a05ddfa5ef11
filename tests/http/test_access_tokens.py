"""Access tokens that the service did not issue, or would not issue now. The codec has more tests of its own."""

import json
from typing import Any

import pytest

from app.adapters.keys.rsa_key import generate_rsa_key
from app.testing.builders import AUDIENCE
from app.testing.system import NOW

from .forgery import MISSING, Forge, claims_of
from .service import Service, Tokens

HEADERS: dict[str, dict[str, Any]] = {
    "alg none": {"alg": "none"},
    "alg None": {"alg": None},
    "alg HS256": {"alg": "HS256"},
    "alg PS256": {"alg": "PS256"},
    "alg in lower case": {"alg": "rs256"},
    "no alg": {"alg": MISSING},
    "typ JWT": {"typ": "JWT"},
    "typ in full": {"typ": "application/at+jwt"},
    "no typ": {"typ": MISSING},
    "no kid": {"kid": MISSING},
    "kid a number": {"kid": 5},
    "kid a list": {"kid": []},
    "jku": {"jku": "https://evil.example/jwks.json"},
    "x5u": {"x5u": "https://evil.example/cert.pem"},
    "x5c": {"x5c": ["MIIB"]},
    "jwk": {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
    "crit": {"crit": ["exp"]},
    "empty crit": {"crit": []},
    "b64": {"b64": False, "crit": ["b64"]},
    "cty": {"cty": "JWT"},
}

CLAIMS: dict[str, dict[str, Any]] = {
    **{f"no {name}": {name: MISSING} for name in ("iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope")},
    "no sid": {"sid": MISSING},
    "no auth_time": {"auth_time": MISSING},
    "iss a list": {"iss": ["x"]},
    "sub a number": {"sub": 5},
    "sub null": {"sub": None},
    "aud a number": {"aud": 5},
    "aud empty": {"aud": []},
    "aud mixed": {"aud": [AUDIENCE, 5]},
    "exp a string": {"exp": str(NOW)},
    "exp a fraction": {"exp": NOW + 900.5},
    "exp true": {"exp": True},
    "exp beyond a day": {"exp": int(NOW) + 86_401},
    "exp before iat": {"iat": int(NOW) + 20, "exp": int(NOW)},
    "iat null": {"iat": None},
    "scope a list": {"scope": ["account"]},
    "scope malformed": {"scope": "account  orders:read"},
    "sid too short": {"sid": "AAAA"},
    "sid a number": {"sid": 5},
    "auth_time a string": {"auth_time": "1"},
}

WRONG_VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "wrong issuer": ({"iss": "https://evil.example"}, "issuer"),
    "issuer with a slash": ({"iss": "https://id.example/"}, "issuer"),
    "wrong audience": ({"aud": "shop"}, "audience"),
    "several wrong audiences": ({"aud": ["shop", AUDIENCE + "2"]}, "audience"),
    "issued in the future": ({"iat": int(NOW) + 31, "exp": int(NOW) + 60}, "not valid yet"),
}


async def assert_refused(service: Service, token: str, reason: str) -> None:
    """Check that a token is refused, and that body and challenge give the reason."""
    answer = await service.me(token)
    assert answer.problem == (401, "invalid-token")
    assert reason in answer.json()["detail"]
    assert reason in answer.headers["WWW-Authenticate"]
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("changes", HEADERS.values(), ids=HEADERS)
async def test_unusual_header_is_refused(
    service: Service, tokens: Tokens, forge: Forge, changes: dict[str, object]
) -> None:
    """The signature is right, but the service never writes such a header."""
    await assert_refused(service, forge.token(claims_of(tokens.access), **changes), "Invalid token format")


@pytest.mark.parametrize("changes", CLAIMS.values(), ids=CLAIMS)
async def test_wrong_claims_are_refused(
    service: Service, tokens: Tokens, forge: Forge, changes: dict[str, object]
) -> None:
    """The signature is right, but a claim is missing, has another type or is out of bounds."""
    await assert_refused(service, forge.token(claims_of(tokens.access, **changes)), "Invalid token format")


@pytest.mark.parametrize(("changes", "reason"), WRONG_VALUES.values(), ids=WRONG_VALUES)
async def test_wrong_issuer_audience_or_time_is_refused(
    service: Service, tokens: Tokens, forge: Forge, changes: dict[str, object], reason: str
) -> None:
    """The response gives the reason."""
    await assert_refused(service, forge.token(claims_of(tokens.access, **changes)), reason)


async def test_unchanged_forged_token_is_accepted(service: Service, tokens: Tokens, forge: Forge) -> None:
    """Each refusal above is therefore caused by its one change."""
    assert (await service.me(forge.token(claims_of(tokens.access)))).status == 200
    assert (await service.me(forge.token(claims_of(tokens.access, aud=["shop", AUDIENCE])))).status == 200


async def test_token_expires_after_the_leeway(service: Service, tokens: Tokens) -> None:
    """The token is accepted for 30 seconds after ``exp``, because clocks differ."""
    service.clock.advance(929.9)
    assert (await service.me(tokens.access)).status == 200
    service.clock.advance(0.1)
    await assert_refused(service, tokens.access, "expired")


async def test_signature_of_another_key_is_refused(service: Service, tokens: Tokens, forge: Forge) -> None:
    """The key is refused with its own ``kid``, and the signature with the ``kid`` of the service."""
    other_key = Forge(generate_rsa_key(2048))
    await assert_refused(service, other_key.token(claims_of(tokens.access)), "key is not known here")
    await assert_refused(service, other_key.token(claims_of(tokens.access), kid=forge.kid), "signature")


async def test_parts_of_two_tokens_do_not_combine(service: Service, tokens: Tokens) -> None:
    """The signature or the claims of another token do not fit."""
    mine, others = tokens.access.split("."), (await service.sign_in()).access.split(".")
    await assert_refused(service, ".".join([*mine[:2], others[2]]), "signature")
    await assert_refused(service, ".".join([mine[0], others[1], mine[2]]), "signature")


async def test_signed_malformed_json_is_refused(service: Service, tokens: Tokens, forge: Forge) -> None:
    """Duplicate members, deep nesting, long numbers, bad UTF-8 and other JSON values are refused."""
    header, claims = json.dumps(forge.header()).encode(), json.dumps(claims_of(tokens.access)).encode()
    payloads = [
        b"",
        b"[]",
        b"5",
        b"\xff",
        claims.decode().encode("utf-16"),
        claims[:-1] + b', "sub": "root"}',
        claims[:-1] + b', "x": NaN}',
        claims[:-1] + b', "x": ' + b"9" * 5_000 + b"}",
        claims[:-1] + b', "x": ' + b"[" * 2_000 + b"]" * 2_000 + b"}",
        claims[:-1] + b', "x": "\\ud800"}',
    ]
    headers = [b"[]", b"\xff", header[:-1] + b', "alg": "RS256"}', b'{"a":' * 900 + b"1" + b"}" * 900]
    for token in [forge.sign(header, each) for each in payloads] + [forge.sign(each, claims) for each in headers]:
        await assert_refused(service, token, "Invalid token format")


async def test_token_has_one_spelling(service: Service, tokens: Tokens) -> None:
    """Padding, another alphabet, white space and trailing bits are refused."""
    header, claims, signature = tokens.access.split(".")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    trailing = last[last.index(signature[-1]) ^ 1]
    spellings = [
        f"{header}.{claims}.{signature}==",
        f"{header}=.{claims}.{signature}",
        f"{header}.{claims}.{signature[:-1]}{trailing}",
        f"{header}..{claims}.{signature}",
        f"{header}.{claims}",
        f"{header}.{claims}.",
        f"{header}.{claims}. {signature}",
        f"{header}.{claims}.{signature}.",
    ]
    for spelling in spellings:
        await assert_refused(service, spelling, "Invalid token format")
    assert (await service.me(tokens.access)).status == 200
