"""Validation: which access tokens are accepted."""

from typing import Any

import pytest

from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.errors import (
    BadSignature,
    ExpiredToken,
    InvalidToken,
    MalformedToken,
    SessionRevoked,
    TokenNotYetValid,
    WrongAudience,
    WrongIssuer,
)
from app.domain.tokens.policy import AccessTokenPolicy
from app.domain.tokens.revoked_session import RevokedSession
from app.testing.builders import AUDIENCE, ISSUER, access_token_claims, refresh_token
from app.testing.system import NOW
from app.testing.world import World

AT = int(NOW)
DAY = 86_400


def validate(world: World, **changes: Any) -> AccessTokenClaims:
    """Validate a signed token with these changes to the claims of a valid token."""
    return world.validation.validate(world.codec.encode(access_token_claims(**changes), kid="kid-1"))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="fresh"),
        pytest.param({"audience": ("other", AUDIENCE)}, id="one of several audiences"),
        pytest.param({"session_id": None, "auth_time": None}, id="of a client that acts for itself"),
        pytest.param({"issued_at": AT - 900, "expires_at": AT - 29}, id="expired within the leeway"),
        pytest.param({"issued_at": AT + 30, "expires_at": AT + 900}, id="issued ahead within the leeway"),
    ],
)
def test_valid_tokens_are_accepted(world: World, changes: dict[str, Any]) -> None:
    """A token of this issuer for this audience is accepted, and its claims are returned."""
    assert validate(world, **changes) == access_token_claims(**changes)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"issuer": "https://other.example"}, WrongIssuer, id="another issuer"),
        pytest.param({"issuer": ISSUER + "/"}, WrongIssuer, id="almost the issuer"),
        pytest.param({"audience": ("other",)}, WrongAudience, id="another audience"),
        pytest.param({"audience": (AUDIENCE + "2",)}, WrongAudience, id="almost the audience"),
        pytest.param({"audience": ()}, WrongAudience, id="no audience"),
        pytest.param({"issued_at": AT - 900, "expires_at": AT - 30}, ExpiredToken, id="expired by the leeway"),
        pytest.param({"issued_at": AT - 900, "expires_at": AT - 31}, ExpiredToken, id="expired for longer"),
        pytest.param({"issued_at": AT + 31, "expires_at": AT + 900}, TokenNotYetValid, id="issued too far ahead"),
        pytest.param({"issued_at": AT - DAY, "expires_at": AT + 1}, MalformedToken, id="for more than a day"),
        pytest.param({"issued_at": AT, "expires_at": 10**30}, MalformedToken, id="for ever"),
        pytest.param({"issued_at": AT + 10, "expires_at": AT + 9}, MalformedToken, id="expiring before its issue"),
    ],
)
def test_other_tokens_are_refused(world: World, changes: dict[str, Any], error: type[InvalidToken]) -> None:
    """A token with a valid signature and a wrong claim is refused with the error for that claim."""
    with pytest.raises(error) as refusal:
        validate(world, **changes)
    assert refusal.type is error


async def test_a_token_may_live_for_exactly_a_day() -> None:
    """A token that lives for a day is accepted where the lifetime of access tokens is a day."""
    world = await World.create(access_tokens=AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE, lifetime=DAY))
    assert validate(world, issued_at=AT - DAY + 60, expires_at=AT + 60)


@pytest.mark.parametrize(("age", "accepted"), [(0, True), (89, True), (90, False), (153, False)])
@pytest.mark.parametrize("lowered_by", ["the policy", "the feed"])
async def test_a_token_ends_with_the_present_lifetime(age: int, lowered_by: str, *, accepted: bool) -> None:
    """A token of 4 hours ends 60 s and the leeway after its ``iat`` once the lifetime is 60 s."""
    lifetime = 60 if lowered_by == "the policy" else DAY
    world = await World.create(access_tokens=AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE, lifetime=lifetime))
    if lowered_by == "the feed":
        world.revoked.token_lifetime = 60
    token = world.codec.encode(access_token_claims(issued_at=AT, expires_at=AT + 14_400), kid="kid-1")
    world.clock.time = NOW + age
    if accepted:
        assert world.validation.validate(token) == access_token_claims(issued_at=AT, expires_at=AT + 60)
    else:
        with pytest.raises(ExpiredToken):
            world.validation.validate(token)


@pytest.mark.parametrize(("after", "accepted"), [(29.999, True), (30.0, False)])
def test_the_leeway_is_exclusive(world: World, after: float, *, accepted: bool) -> None:
    """A token is accepted strictly less than the leeway after its ``exp``."""
    token = world.codec.encode(access_token_claims(), kid="kid-1")
    world.clock.time = access_token_claims().expires_at + after
    if accepted:
        assert world.validation.validate(token)
    else:
        with pytest.raises(ExpiredToken):
            world.validation.validate(token)


async def test_without_leeway_a_token_ends_at_its_expiry() -> None:
    """A token is not accepted on or after ``exp`` (RFC 7519 §4.1.4)."""
    policy = AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE, leeway=0)
    world = await World.create(access_tokens=policy)
    assert validate(world, expires_at=AT + 1)
    with pytest.raises(ExpiredToken):
        validate(world, expires_at=AT)


@pytest.mark.parametrize(
    ("token", "error"), [("", MalformedToken), ("nonsense", MalformedToken), ("access-token-99", BadSignature)]
)
def test_an_unreadable_token_is_refused(world: World, token: str, error: type[InvalidToken]) -> None:
    """The error of the codec about form or signature is passed on."""
    with pytest.raises(error):
        world.validation.validate(token)


def test_the_token_of_a_revoked_session_is_refused(world: World) -> None:
    """Tokens of other sessions, and tokens without a session, are accepted."""
    world.revoked.add(RevokedSession(refresh_token(session=1).session_id, NOW))
    with pytest.raises(SessionRevoked):
        validate(world)
    assert validate(world, session_id=refresh_token(session=2).session_id)
    assert validate(world, session_id=None, auth_time=None)


@pytest.mark.parametrize(("auth_time", "accepted"), [(AT - 1, False), (AT, False), (AT + 1, True)])
def test_the_cut_off_ends_the_sessions_that_began_until_it(world: World, auth_time: int, *, accepted: bool) -> None:
    """A token is refused if its ``auth_time`` is not after the cut-off, also one that was accepted before."""
    token = world.codec.encode(access_token_claims(auth_time=auth_time), kid="kid-1")
    assert world.validation.validate(token)
    world.revoked.revoke_until(AT)
    if accepted:
        assert world.validation.validate(token)
    else:
        with pytest.raises(SessionRevoked):
            world.validation.validate(token)
        with pytest.raises(SessionRevoked):
            world.validation.validate_for_any_audience(token)
    assert validate(world, session_id=None, auth_time=None)


def test_revocations_are_remembered_longer_than_tokens_are_accepted() -> None:
    """A revocation is remembered for the lifetime of a token, the leeway and one minute more."""
    policy = AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE, lifetime=600, leeway=10)
    assert policy.memory_of_revocations() == 600 + 10 + 60
