"""Opening a session, and the access tokens of sessions."""

import asyncio
import math
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.audit.events import LoginSucceeded
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import FIRST_PARTY
from app.domain.keys.errors import NoActiveKey
from app.domain.keys.signing_key import SigningKey
from app.domain.scope import InvalidScope, Scope
from app.domain.sessions import ratchet
from app.domain.sessions.session import Session, SessionPolicy
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.policy import AccessTokenPolicy
from app.testing.builders import ALICE, AUDIENCE, ISSUER, RATE_LIMITS, refresh_token, session_of
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import REQUESTER, World

WEEK = 604_800


async def test_the_store_holds_the_digests_of_a_new_session(world: World) -> None:
    """A new session has generation 0, nothing replaced, the digests of its token's parts and the user's version."""
    granted = await world.open_session()
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
        address=REQUESTER.address,
        device=REQUESTER.device,
    )


async def test_the_store_holds_no_token(world: World) -> None:
    """The store has neither the refresh token nor its lineage nor its secret, before and after a rotation."""
    texts = await world.refresh_times(1, await world.open_session())
    stored = astuple(await world.stored(texts[0]))
    for text in texts:
        token = ratchet.parse(text)
        assert token.session_id in stored
        assert not {text, token.lineage, token.secret} & {each for each in stored if isinstance(each, str | bytes)}


async def test_the_claims_of_the_access_token(world: World) -> None:
    """The token has the claims of RFC 9068 and of the session, and is signed with the active key."""
    await world.use_keys(SigningKey("old"), SigningKey("active", NOW), SigningKey("pending", NOW + 1))
    granted = await world.open_session()
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


async def test_the_lifetimes_and_the_scope_in_the_answer(world: World) -> None:
    """The answer has the lifetime of each token and the granted scope."""
    granted = await world.open_session()
    assert (granted.expires_in, granted.refresh_token_expires_in, granted.scope) == (900, WEEK, ALICE.scope)


async def test_two_sessions_share_no_secret(world: World) -> None:
    """Two sessions differ in id, lineage, secret and access-token id."""
    grants = [await world.open_session(), await world.open_session()]
    tokens = [ratchet.parse(each.refresh_token) for each in grants]
    for part in ("session_id", "lineage", "secret"):
        assert len({getattr(token, part) for token in tokens}) == 2
    assert len({world.claims(each).token_id for each in grants}) == 2


async def test_opening_records_a_login(world: World) -> None:
    """The event has the subject, the session, the client and the address."""
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
            at=NOW,
            subject=ALICE.subject,
            session_id=session_id,
            client_id=FIRST_PARTY,
            address=REQUESTER.address,
            audience=AUDIENCE,
        )
    ]


async def test_a_session_can_have_less_scope_than_its_user(world: World) -> None:
    """A refresh cannot widen the scope of such a session."""
    granted = await world.open_session(requested_scope="account")
    assert granted.scope == world.claims(granted).scope == Scope.parse("account")
    with pytest.raises(InvalidScope):
        await world.refresh(granted.refresh_token, requested_scope=ALICE.scope.text)


@pytest.mark.parametrize("requested_scope", ["keyturn:admin", "account keyturn:admin", "account  orders:read"])
async def test_a_bad_scope_opens_no_session(world: World, requested_scope: str) -> None:
    """An excessive or malformed scope stores no session and records no login."""
    with pytest.raises(InvalidScope):
        await world.open_session(requested_scope=requested_scope)
    assert (world.sessions.writes, world.audit.events) == ([], [])


async def test_without_a_key_no_session_is_opened(world: World) -> None:
    """If the access token cannot be signed, no session is stored."""
    await world.use_keys()
    with pytest.raises(NoActiveKey):
        await world.open_session()
    assert (world.sessions.writes, world.audit.events) == ([], [])


async def test_without_the_store_no_login_is_recorded(world: World) -> None:
    """If the session cannot be stored, the error is ``StoreUnavailable`` and no login is recorded."""
    world.sessions.once("before add", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.open_session()
    assert world.audit.events == []


async def test_the_idle_limit_counts_from_the_login() -> None:
    """With an idle limit, both tokens of a new session expire after it."""
    world = await World.create(session_policy=SessionPolicy(idle_lifetime=600))
    granted = await world.open_session()
    assert (granted.refresh_token_expires_in, granted.expires_in) == (600, 600)
    assert (await world.stored(granted.refresh_token)).idle_expires_at == NOW + 600


@given(st.floats(0, 1000), st.floats(0, 2000))
def test_an_access_token_never_outlives_its_session(elapsed: float, left: float) -> None:
    """The token's ``exp`` is not after the session's expiry, and ``expires_in`` is the signed lifetime."""
    world = World(SessionPolicy(), AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE), RATE_LIMITS)
    asyncio.run(world.keys.load())
    now = NOW + elapsed
    ends_at = now + left
    session = session_of(refresh_token(), expires_at=ends_at)
    issued = asyncio.run(
        world.session_token_issuer.issue(session, refresh_token(), scope=ALICE.scope, audience=(AUDIENCE,), now=now)
    )
    claims = world.claims(issued)
    assert claims.expires_at <= ends_at or left < 1
    assert claims.expires_at - claims.issued_at == issued.expires_in == min(900, math.floor(ends_at - now))
