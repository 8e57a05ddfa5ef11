"""Issuance: opening sessions and signing their access tokens."""

import asyncio
import math
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.audit.events import LoginSucceeded
from app.domain.errors import ConfigurationError, StoreUnavailable
from app.domain.identifiers import FIRST_PARTY
from app.domain.keys.signing_key import SigningKey
from app.domain.scope import InvalidScope, Scope
from app.domain.sessions import ratchet
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.policy import SessionPolicy
from app.domain.sessions.session import Session
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.policy import AccessTokenPolicy
from app.testing.builders import ALICE, AUDIENCE, ISSUER, RATE_LIMITS, refresh_token, session_of
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import REQUESTER, World

WEEK = 604_800


async def open_session(world: World, requested: str | None = None) -> IssuedTokens:
    """Open a session of Alice."""
    return await world.open_session(requested=requested)


async def test_the_store_holds_the_facts_and_digests_of_a_session(world: World) -> None:
    """A new session is of generation 0, without a salt, with digests of its token's parts and the user's version."""
    granted = await open_session(world)
    token = ratchet.parse(granted.refresh_token)
    assert await world.stored(granted.refresh_token) == Session(
        session_id=token.session_id,
        subject=ALICE.subject,
        client_id=FIRST_PARTY,
        scope=ALICE.scope,
        credential_version=ALICE.credential_version,
        created_at=NOW,
        expires_at=NOW + WEEK,
        idle_expires_at=None,
        lineage_digest=ratchet.digest(token.lineage),
        secret_digest=ratchet.digest(token.secret),
        generation=0,
        rotated_at=NOW,
        salt=None,
        address=REQUESTER.address,
        device=REQUESTER.device,
    )


async def test_the_store_holds_no_token(world: World) -> None:
    """Neither the refresh token nor its lineage nor its secret is kept, before and after a rotation."""
    texts = await world.refresh_times(1, await open_session(world))
    stored = astuple(await world.stored(texts[0]))
    for text in texts:
        token = ratchet.parse(text)
        assert token.session_id in stored
        assert not {text, token.lineage, token.secret} & {each for each in stored if isinstance(each, str | bytes)}


async def test_what_the_access_token_says(world: World) -> None:
    """The claims are those of RFC 9068 and the session's, signed with the active key."""
    await world.use_keys(SigningKey("old"), SigningKey("active", NOW), SigningKey("pending", NOW + 1))
    granted = await open_session(world)
    claims = world.claims(granted)
    assert claims == AccessTokenClaims(
        issuer=ISSUER,
        subject=ALICE.subject,
        audience=(AUDIENCE,),
        client_id=FIRST_PARTY,
        issued_at=int(NOW),
        expires_at=int(NOW) + 900,
        token_id=claims.token_id,
        scope=ALICE.scope,
        session_id=ratchet.parse(granted.refresh_token).session_id,
        auth_time=int(NOW),
    )
    assert len(claims.token_id) == 22
    assert world.codec.kids == ["active"]


async def test_what_the_grant_says(world: World) -> None:
    """The answer tells how long each token lives and what scope was granted."""
    granted = await open_session(world)
    assert (granted.expires_in, granted.refresh_token_expires_in, granted.scope) == (900, WEEK, ALICE.scope)


async def test_nothing_is_shared_between_sessions(world: World) -> None:
    """Two sign-ins differ in session, lineage, secret and access-token id."""
    grants = [await open_session(world), await open_session(world)]
    tokens = [ratchet.parse(each.refresh_token) for each in grants]
    for part in ("session_id", "lineage", "secret"):
        assert len({getattr(token, part) for token in tokens}) == 2
    assert len({world.claims(each).token_id for each in grants}) == 2


async def test_opening_is_recorded(world: World) -> None:
    """The audit trail knows who signed in, where, through what and from where."""
    granted = await world.session_opening.open_session(
        subject=ALICE.subject,
        scope=ALICE.scope,
        credential_version=ALICE.credential_version,
        client_id=FIRST_PARTY,
        requester=REQUESTER,
    )
    session_id = ratchet.parse(granted.refresh_token).session_id
    assert world.audit.events == [
        LoginSucceeded(
            at=NOW, subject=ALICE.subject, session_id=session_id, client_id=FIRST_PARTY, address=REQUESTER.address
        )
    ]


async def test_a_part_of_the_scope(world: World) -> None:
    """A session can be opened with less than the user's scope, and then never has more."""
    granted = await open_session(world, "account")
    assert granted.scope == world.claims(granted).scope == Scope.parse("account")
    with pytest.raises(InvalidScope):
        await world.refresh(granted.refresh_token, requested=str(ALICE.scope))


@pytest.mark.parametrize("requested", ["keyturn:admin", "account keyturn:admin", "account  orders:read"])
async def test_a_bad_scope_opens_nothing(world: World, requested: str) -> None:
    """Asking for more than the user has, or for nonsense, keeps no session and records no sign-in."""
    with pytest.raises(InvalidScope):
        await open_session(world, requested)
    assert (world.sessions.writes, world.audit.events) == ([], [])


async def test_without_a_key_nothing_is_opened(world: World) -> None:
    """If the access token cannot be signed, no session is kept."""
    await world.use_keys()
    with pytest.raises(ConfigurationError):
        await open_session(world)
    assert (world.sessions.writes, world.audit.events) == ([], [])


async def test_without_the_store_nobody_signed_in(world: World) -> None:
    """If the session cannot be kept there is no answer and no record of a sign-in."""
    world.sessions.once("before add", unavailable)
    with pytest.raises(StoreUnavailable):
        await open_session(world)
    assert world.audit.events == []


async def test_the_idle_limit_counts_from_the_start() -> None:
    """With an idle limit, a session that is never refreshed ends with it, and the answer says so."""
    world = await World.create(session_policy=SessionPolicy(idle_lifetime=600))
    granted = await open_session(world)
    assert (granted.refresh_token_expires_in, granted.expires_in) == (600, 600)
    assert (await world.stored(granted.refresh_token)).idle_expires_at == NOW + 600


@given(st.floats(0, 1000), st.floats(0, 2000))
def test_an_access_token_never_outlives_its_session(moment: float, left: float) -> None:
    """However the session's end falls, the token's ``exp`` is not after it, and ``expires_in`` is what was signed."""
    world = World(SessionPolicy(), AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE), RATE_LIMITS)
    asyncio.run(world.keys.load())
    now = NOW + moment
    ends_at = now + left
    session = session_of(refresh_token(), expires_at=ends_at)
    issued = world.session_token_issuer.issue(session, refresh_token(), scope=ALICE.scope, now=now)
    claims = world.claims(issued)
    assert claims.expires_at <= ends_at or left < 1
    assert claims.expires_at - claims.issued_at == issued.expires_in == min(900, math.floor(ends_at - now))
