"""Tokens that name unknown keys: they are cheap to refuse."""

import json

from app.domain import base64url

from .service import Service, Tokens


def forged(kid: str) -> str:
    """Return a token with the form of an access token that names this ``kid``."""
    header = json.dumps({"alg": "RS256", "typ": "at+jwt", "kid": kid}, separators=(",", ":"))
    return ".".join([base64url.encode(header.encode()), base64url.encode(b"{}"), base64url.encode(bytes(256))])


async def test_many_unknown_keys_request_one_reload(service: Service, tokens: Tokens) -> None:
    """All tokens are refused, and they request one reload of the keys in 10 seconds."""
    reload = service.container.key_reload()
    reloads = 0
    for second in range(21):
        for number in range(10):
            answer = await service.me(forged(f"kid-{second}-{number}"))
            assert answer.problem == (401, "invalid-token")
        reloads += reload._requested.is_set()
        reload._requested.clear()
        service.clock.advance(1)
    assert reloads == 3
    assert (await service.me(tokens.access)).status == 200


async def test_jwk_set_is_rendered_once(service: Service) -> None:
    """While the keys stay, every answer sends the same bytes object."""
    first = await service.ask("GET", "/.well-known/jwks.json")
    document = next(value for key, value in service.app.items() if "jwk_set" in str(key))
    body = document.body
    again = await service.ask("GET", "/.well-known/jwks.json")
    assert document.updated().body is body
    assert first.body == again.body == body
