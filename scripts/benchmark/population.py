"""Tokens, users and sessions in large numbers."""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from app.domain import base64url
from app.domain.identifiers import FIRST_PARTY, SessionId, Subject
from app.domain.login.user import User
from app.domain.scope import ACCOUNT, Scope
from app.domain.sessions import ratchet
from app.domain.sessions.ratchet import RefreshToken
from app.domain.sessions.session import Session

STRIDE: Final = 611_953
"""A prime number: steps of this length visit every session, in an order that defeats the caches of a processor or a
store.
"""

_DEVICE = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0 build {:06}"


def token() -> RefreshToken:
    """Return the first refresh token of a new session."""
    return RefreshToken(SessionId(os.urandom(16)), os.urandom(16), os.urandom(32))


class NumberedTokens:
    """The first refresh tokens of sessions. They follow from the numbers of the sessions, so that nobody has to keep
    them. They are yielded in an order that defeats the caches of a store.
    """

    def __init__(self, numbers: range) -> None:
        self._numbers = numbers

    def __iter__(self) -> Iterator[str]:
        """Yield each token once."""
        count = len(self._numbers)
        return (ratchet.encode(numbered_token(self._numbers[each * STRIDE % count])) for each in range(count))


def numbered_token(number: int) -> RefreshToken:
    """Return the first refresh token of the session with this number."""
    parts = hashlib.sha512(str(number).encode()).digest()
    return RefreshToken(SessionId(parts[:16]), parts[16:32], parts[32:])


def numbered_user(number: int) -> User:
    """Return the user of the session with this number."""
    return replace(user(number), subject=Subject(numbered_subject(number)))


def numbered_subject(number: int) -> str:
    """Return the id of the user of the session with this number."""
    return base64url.encode(hashlib.md5(str(number).encode(), usedforsecurity=False).digest())


def user(number: int) -> User:
    """Return a user. Each number gives another one."""
    return User(
        subject=Subject(base64url.encode(os.urandom(16))),
        username=f"user-{number}",
        password_hash="",
        scope=Scope(frozenset({ACCOUNT})),
    )


def address(number: int) -> str:
    """Return the client address of the sign-in of a session."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def device(number: int) -> str:
    """Return the device name of a session."""
    return _DEVICE.format(number)


def session(first: RefreshToken, owner: User, number: int) -> Session:
    """Return a session as a sign-in creates it. It shares objects only with its own user."""
    now = time.time()
    return Session(
        session_id=first.session_id,
        subject=owner.subject,
        client_id=FIRST_PARTY,
        scope=owner.scope,
        credential_version=owner.credential_version,
        created_at=now,
        expires_at=now + 604_800,
        idle_expires_at=None,
        lineage_digest=ratchet.digest(first.lineage),
        secret_digest=ratchet.digest(first.secret),
        generation=0,
        rotated_at=now,
        address=address(number),
        device=device(number),
    )


def sessions(count: int) -> Iterator[Session]:
    """Yield ``count`` sessions of different users."""
    return (session(token(), user(number), number) for number in range(count))
