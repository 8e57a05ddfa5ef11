"""``GET /.well-known/jwks.json``, also read by other libraries."""

import asyncio

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

from app.testing.builders import AUDIENCE, ISSUER

from .conftest import Start
from .forgery import segment
from .service import Answer, Service, Tokens

PATH = "/.well-known/jwks.json"


async def fetch(service: Service, **headers: str) -> Answer:
    """Fetch the JWK Set."""
    return await service.ask("GET", PATH, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_jwk_set_has_only_public_members(service: Service, tokens: Tokens) -> None:
    """The set has the signing key, for RS256, without its private members."""
    answer = await fetch(service)
    [key] = answer.json()["keys"]
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    assert key.keys() == {"kty", "n", "e", "kid", "alg", "use"}
    assert (key["kty"], key["alg"], key["use"], key["e"]) == ("RSA", "RS256", "sig", "AQAB")
    assert key["kid"] == segment(tokens.access, 0)["kid"]


async def test_kid_is_the_thumbprint(service: Service) -> None:
    """Another implementation of RFC 7638 computes the same value."""
    [key] = KeySet.import_key_set((await fetch(service)).json()).keys
    assert key.kid == key.thumbprint()


async def test_jwk_set_can_be_cached(service: Service, start: Start) -> None:
    """``Cache-Control`` has the time of the setting, and every origin may read the set."""
    answer = await fetch(service)
    assert answer.headers["Cache-Control"] == "public, max-age=600"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    other = await start(jwks_max_age=60)
    assert (await fetch(other)).headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_matching_etag_gets_304(service: Service, form: str) -> None:
    """The response has no body and the same headers (RFC 9110 §15.4.5)."""
    full = await fetch(service)
    answer = await fetch(service, If_None_Match=form.format(full.headers["ETag"]))
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["ETag"] == full.headers["ETag"]
    assert answer.headers["Cache-Control"] == full.headers["Cache-Control"]


@pytest.mark.parametrize("etag", ['"other"', "rubbish", '"', ""])
async def test_other_etag_gets_the_set(service: Service, etag: str) -> None:
    """Any other ETag gets the whole response."""
    assert (await fetch(service, If_None_Match=etag)).json()["keys"]


async def test_etag_depends_on_the_keys(start: Start) -> None:
    """Two instances with the same key have the same ETag."""
    one, two = await start(), await start()
    assert (await fetch(one)).headers["ETag"] == (await fetch(two)).headers["ETag"]


async def test_head_has_the_headers_of_get(service: Service) -> None:
    """HEAD has the same length and no body."""
    answer = await service.ask("HEAD", PATH)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len((await fetch(service)).body))


async def test_pyjwt_verifies_an_access_token(service: Service) -> None:
    """PyJWT fetches the set from the running server, finds the key by ``kid`` and accepts the token."""
    service.use_real_time()
    tokens = await service.sign_in()

    def verify() -> dict[str, object]:
        key = jwt.PyJWKClient(service.url + PATH).get_signing_key_from_jwt(tokens.access)
        required = ["exp", "iat", "jti", "sub", "aud", "iss"]
        return dict(
            jwt.decode(
                tokens.access,
                key,
                algorithms=["RS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": required},
            )
        )

    assert (await asyncio.to_thread(verify))["client_id"] == "first-party"


async def test_joserfc_verifies_an_access_token(service: Service, tokens: Tokens) -> None:
    """The library joserfc accepts the token with the fetched set."""
    keys = KeySet.import_key_set((await fetch(service)).json())
    token = joserfc_jwt.decode(tokens.access, keys, algorithms=["RS256"])
    assert token.header["typ"] == "at+jwt"
    assert token.claims["iss"] == ISSUER
