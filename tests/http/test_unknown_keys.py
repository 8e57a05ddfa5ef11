"""Tokens that name keys nobody has: they cost nothing."""

import json

from app.domain import base64url

from .service import Service, Tokens


def forged(kid: str) -> str:
    """Return a token that has the form of one of ours, and names this key."""
    header = json.dumps({"alg": "RS256", "typ": "at+jwt", "kid": kid}, separators=(",", ":"))
    return ".".join([base64url.encode(header.encode()), base64url.encode(b"{}"), base64url.encode(bytes(256))])


async def test_a_flood_asks_for_one_look(service: Service, tokens: Tokens) -> None:
    """Each token of a flood is refused, and all of them together ask once within 10 seconds to look at the keys."""
    news = service.container.key_reload()
    looks = 0
    for second in range(21):
        for number in range(10):
            answer = await service.me(forged(f"kid-{second}-{number}"))
            assert answer.problem == (401, "invalid-token")
        looks += news._requested.is_set()
        news._requested.clear()
        service.clock.advance(1)
    assert looks == 3
    assert (await service.me(tokens.access)).status == 200


async def test_the_jwk_set_is_written_once(service: Service) -> None:
    """As long as the keys stay, each answer is the same bytes, not others that are equal."""
    first = await service.ask("GET", "/.well-known/jwks.json")
    document = next(value for key, value in service.app.items() if "jwk_set" in str(key))
    body = document.body
    again = await service.ask("GET", "/.well-known/jwks.json")
    assert document.bring_up_to_date().body is body
    assert first.body == again.body == body
