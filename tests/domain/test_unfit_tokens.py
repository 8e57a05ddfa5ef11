"""No token is issued that would be refused, and nothing is committed for it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.clients.client import AuthenticationMethod, Client, GrantType
from app.domain.clients.client_credentials import ClientCredentialsGrant
from app.domain.identifiers import ClientId
from app.domain.overload.timed_queue import TimedQueue
from app.domain.scope import Scope
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.errors import UnfitToken
from app.domain.tokens.longest_token import LongestToken
from app.domain.tokens.policy import AccessTokenPolicy
from app.testing.builders import ALICE, AUDIENCE, ISSUER
from app.testing.tokens import FakeTokenCodec
from app.testing.world import World


def pad_tokens(world: World, length: int) -> None:
    """Let the codec make tokens of ``length`` characters from now on."""
    encode: Callable[..., str] = world.codec.encode
    world.codec.encode = lambda *claims, **kid: encode(*claims, **kid).ljust(length, "x")  # type: ignore[method-assign]  # the fault


async def test_a_token_that_is_too_long_uses_up_no_refresh_token(world: World) -> None:
    """A token of 8,168 characters is issued. A refresh that would give a longer one changes nothing."""
    tokens = await world.open_session()
    before = await world.stored(tokens.refresh_token)
    encode = world.codec.encode
    pad_tokens(world, 8_169)
    with pytest.raises(UnfitToken, match="8,169 characters, and a header takes 8,168"):
        await world.refresh(tokens.refresh_token)
    assert await world.stored(tokens.refresh_token) == before
    assert (world.sessions.writes, world.audit.events) == ([], [])
    world.codec.encode = encode  # type: ignore[method-assign]  # as it was
    pad_tokens(world, 8_168)
    assert len((await world.refresh(tokens.refresh_token)).access_token) == 8_168


async def test_a_sign_in_with_too_much_scope_opens_no_session(world: World) -> None:
    """Verifiers read a scope of at most 1,024 characters. A longer one that is stored is not signed."""
    user = replace(ALICE, scope=Scope(frozenset({"a" * 512, "b" * 512})))
    with pytest.raises(UnfitToken, match="first-party has a scope of more than 1,024 characters"):
        await world.open_session(user)
    assert world.sessions.stored == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"audiences": ()}, "has no audience"), ({"scope": Scope(frozenset({"x" * 1_025}))}, "has a scope of more than")],
)
async def test_a_client_gets_no_token_that_is_refused(world: World, changes: dict[str, Any], message: str) -> None:
    """The error names the client and the fault. No event says that a token was issued."""
    stored = Client(
        ClientId("orders"),
        method=AuthenticationMethod.SECRET,
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        audiences=("stock",),
    )
    queue = TimedQueue(at_once=1, longest_wait=1.0, clock=world.clock)
    grant = ClientCredentialsGrant(issuer=world.access_token_issuer, queue=queue, clock=world.clock, audit=world.audit)
    with pytest.raises(UnfitToken, match=f"client orders {message}"):
        await grant.issue(replace(stored, **changes), requested_scope=None, targets=())
    assert world.audit.events == []


class MeasuredCodec(FakeTokenCodec):
    """Says how long the longest token is, and keeps the claims that it was asked about."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length
        self.asked: list[AccessTokenClaims] = []

    def max_length(self, claims: AccessTokenClaims) -> int:
        self.asked.append(claims)
        return self.length


@pytest.mark.parametrize(("length", "surplus"), [(8_000, 0), (8_168, 0), (8_169, 1), (8_172, 4), (9_000, 625)])
def test_surplus_is_what_the_claims_must_lose(length: int, surplus: int) -> None:
    """Three bytes of claims are four characters of the token."""
    longest = LongestToken(codec=MeasuredCodec(length), policy=AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE))
    assert longest.surplus(client_id=ClientId("orders"), scope=Scope(), audience=("stock",)) == surplus


@pytest.mark.parametrize(("client_id", "subject"), [("orders", "orders" + "x" * 16), ("o" * 30, "o" * 30)])
def test_longest_token_has_every_claim(client_id: str, subject: str) -> None:
    """It has a session and all scope, and its subject is a user's or the client, whichever is longer."""
    codec = MeasuredCodec(1)
    longest = LongestToken(codec=codec, policy=AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE))
    longest.surplus(client_id=ClientId(client_id), scope=Scope.parse("a b"))
    (claims,) = codec.asked
    assert (claims.subject, claims.audience, claims.scope.text) == (subject, (AUDIENCE,), "a b")
    assert None not in (claims.session_id, claims.auth_time)
