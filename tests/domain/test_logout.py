"""Sign-out: every session that a token names ends."""

from typing import Any

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.identifiers import FIRST_PARTY
from app.domain.sessions.session import RevocationReason
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.errors import InvalidToken, MalformedToken, UnknownSigner, WrongIssuer
from app.domain.tokens.policy import MAX_TOKEN_LIFETIME
from app.domain.tokens.reading import IssuedTokenReader
from app.testing.builders import access_token_claims
from app.testing.faults import unavailable
from app.testing.tokens import FakeTokenCodec
from app.testing.world import OTHER_CLIENT, World


@pytest.mark.parametrize("wait", [0, 1_000, 86_400])
async def test_every_named_session_ends(world: World, wait: float) -> None:
    """A refresh token and an access token of two sessions end both, also long after the access token has expired."""
    first, second, third = [await world.open_session() for _ in range(3)]
    world.clock.advance(wait)
    await world.logout.log_out([first.refresh_token, second.access_token], client_id=FIRST_PARTY)
    ended = [(await world.stored(each.refresh_token)).revoked_because for each in (first, second, third)]
    assert ended == [RevocationReason.LOGOUT, RevocationReason.LOGOUT, None]


async def test_two_tokens_of_one_session_are_one_logout(world: World) -> None:
    """The session ends once, and one audit event is recorded."""
    opened = await world.open_session()
    await world.logout.log_out([opened.refresh_token, opened.access_token], client_id=FIRST_PARTY)
    assert len(world.audit.events) == 1


@pytest.mark.parametrize("unusable", ["", "ktr_", "rubbish", "access-token-9"])
async def test_unusable_token_does_not_protect_another(world: World, unusable: str) -> None:
    """A token that ends nothing may stand before or after one that ends its session."""
    for position in (0, 1):
        opened = await world.open_session()
        tokens = [opened.refresh_token]
        tokens.insert(position, unusable)
        await world.logout.log_out(tokens, client_id=FIRST_PARTY)
        assert (await world.stored(opened.refresh_token)).revoked_because is RevocationReason.LOGOUT


async def test_tokens_of_another_client_end_nothing(world: World) -> None:
    """Only the client to which a token was issued can log out with it."""
    opened = await world.open_session()
    await world.logout.log_out([opened.refresh_token, opened.access_token], client_id=OTHER_CLIENT)
    assert world.sessions.writes == []


@pytest.mark.parametrize("act", ["before find", "before revoke", "after revoke"])
async def test_what_can_be_ended_is_ended(world: World, act: str) -> None:
    """If the store fails once, the other session ends. A failure whose session did not end is reported."""
    first, second = await world.open_session(), await world.open_session()
    world.sessions.once(act, unavailable)
    tokens = [first.refresh_token, second.access_token]
    if act == "after revoke":  # the lookup afterwards shows that the session has ended
        await world.logout.log_out(tokens, client_id=FIRST_PARTY)
    else:
        with pytest.raises(StoreUnavailable):
            await world.logout.log_out(tokens, client_id=FIRST_PARTY)
    assert (await world.stored(second.refresh_token)).revoked_because is RevocationReason.LOGOUT
    await world.logout.log_out(tokens, client_id=FIRST_PARTY)
    assert (await world.stored(first.refresh_token)).revoked_because is RevocationReason.LOGOUT


def read(world: World, claims: AccessTokenClaims) -> AccessTokenClaims:
    """Return what the reader says about a token with these claims."""
    codec = FakeTokenCodec()
    return IssuedTokenReader(codec=codec, policy=world.access_tokens).read(codec.encode(claims, kid="kid-1"))


@pytest.mark.parametrize(
    "changes",
    [{}, {"issued_at": 0, "expires_at": 900}, {"issued_at": 2**40, "expires_at": 2**40}, {"audience": ("elsewhere",)}],
    ids=str,
)
async def test_time_and_audience_do_not_matter(world: World, changes: dict[str, Any]) -> None:
    """The reader returns the claims of a token that has expired, is not valid yet, or is for another audience."""
    claims = access_token_claims(**changes)
    assert read(world, claims) == claims


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"issuer": "https://other.example"}, WrongIssuer),
        ({"issued_at": 0, "expires_at": MAX_TOKEN_LIFETIME + 1}, MalformedToken),
        ({"issued_at": 900, "expires_at": 0}, MalformedToken),
    ],
    ids=str,
)
async def test_a_token_never_issued_is_refused(
    world: World, changes: dict[str, Any], error: type[InvalidToken]
) -> None:
    """This service issues no token of another issuer, or with such a lifetime."""
    with pytest.raises(error):
        read(world, access_token_claims(**changes))


async def test_an_unknown_key_is_reported(world: World) -> None:
    """The keys are loaded again if a token names a key that this instance does not have."""
    reported = []

    class Forgetful(FakeTokenCodec):
        def decode_once(self, token: str) -> AccessTokenClaims:
            raise UnknownSigner

    reader = IssuedTokenReader(
        codec=Forgetful(), policy=world.access_tokens, unknown_signer=lambda: reported.append(True)
    )
    with pytest.raises(UnknownSigner):
        reader.read("a.b.c")
    assert reported == [True]
