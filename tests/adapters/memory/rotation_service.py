"""The rotation service on in-memory stores, with everything about it in the test's hands."""

from collections.abc import Coroutine, Sequence
from dataclasses import replace
from hashlib import shake_256
from typing import Any, Final, TypeVar

from app.adapters.memory.clients import MemoryClientRepository
from app.adapters.memory.rate_limits import MemoryRateLimitRepository
from app.adapters.memory.sessions import MemorySessionRepository
from app.adapters.telemetry.null import NullTelemetry
from app.domain.errors import KeyturnError
from app.domain.identifiers import FIRST_PARTY, ClientId, SessionId, Subject
from app.domain.keys.lifecycle import KeyLifecycle
from app.domain.keys.signing_key import SigningKey
from app.domain.keys.stored_key import StoredKey
from app.domain.login.user import User
from app.domain.rate_limits.local import LocalRateLimit
from app.domain.requester import Requester
from app.domain.sessions.issued_tokens import IssuedTokens
from app.domain.sessions.issuing import Issuance
from app.domain.sessions.policy import SessionPolicy
from app.domain.sessions.retention import Retention
from app.domain.sessions.revocation import Revocation
from app.domain.sessions.rotation import Rotation
from app.domain.tokens.policy import AccessTokenPolicy
from app.domain.tokens.revocation_list import RevocationList
from app.testing.audit import FakeAuditTrail
from app.testing.builders import ALICE, AUDIENCE, ISSUER, KEY_POLICY, RATE_LIMITS
from app.testing.keys import FakeKeyStore
from app.testing.system import FakeClock
from app.testing.tokens import FakeTokenCodec

from .rotation_model import Limits

ACCESS_TOKENS: Final = AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE)

USERNAMES: Final = ("alice", "bob", "carol")

T = TypeVar("T")


def completed(act: Coroutine[Any, Any, T]) -> T:
    """Return what ``act`` returns; nothing in it may wait."""
    try:
        act.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("an act on in-memory stores waited")


class Users:
    """Users whose credentials the test changes."""

    def __init__(self) -> None:
        self._users = {name: replace(ALICE, subject=Subject(f"{name}-subject"), username=name) for name in USERNAMES}

    def change(self, username: str, how: str) -> User:
        """Change the password, or disable the user, each of which raises the version; or enable them again."""
        user = self._users[username]
        version = user.credential_version + (how != "enabled")
        disabled = how == "disabled" or (how == "password" and user.disabled)
        self._users[username] = replace(user, credential_version=version, disabled=disabled)
        return self._users[username]

    async def add(self, user: User) -> None:
        raise NotImplementedError

    async def find(self, subject: Subject) -> User | None:
        return next((user for user in self._users.values() if user.subject == subject), None)

    async def find_by_username(self, username: str) -> User | None:
        return self._users.get(username)

    async def replace_password_hash(self, subject: Subject, *, expected: str, new: str) -> bool:
        raise NotImplementedError

    async def change_password(self, subject: Subject, *, new: str, expected: str | None) -> User | None:
        raise NotImplementedError

    async def set_disabled(self, subject: Subject, *, disabled: bool) -> User | None:
        raise NotImplementedError

    async def list_users(self, *, after: str, limit: int) -> Sequence[User]:
        raise NotImplementedError


class ScatteredRandomness:
    """Draws bytes that repeat in each run, of which no part is in another's."""

    def __init__(self) -> None:
        self._draws = 0

    def token_bytes(self, length: int) -> bytes:
        self._draws += 1
        return shake_256(self._draws.to_bytes(8, "big")).digest(length)


class RotationService:
    """Signing in, presenting, signing out; each act is complete when it returns."""

    def __init__(self, limits: Limits) -> None:
        policy = SessionPolicy(
            lifetime=limits.lifetime, idle_lifetime=limits.idle_lifetime, replay_window=limits.replay_window
        )
        self.clock = FakeClock()
        self.codec = FakeTokenCodec()
        self.users = Users()
        self.sessions = MemorySessionRepository()
        self.revoked = RevocationList()
        self._audit = FakeAuditTrail()
        randomness = ScatteredRandomness()
        store = FakeKeyStore(StoredKey(SigningKey("kid-1"), b""))
        keys = KeyLifecycle(store=store, codec=self.codec, clock=self.clock, policy=KEY_POLICY)
        completed(keys.load())
        self._issuance = Issuance(
            sessions=self.sessions,
            keys=keys,
            codec=self.codec,
            clock=self.clock,
            randomness=randomness,
            audit=self._audit,
            access_tokens=ACCESS_TOKENS,
            session_policy=policy,
        )
        self._revocation = Revocation(
            sessions=self.sessions, revoked=self.revoked, clock=self.clock, audit=self._audit, policy=ACCESS_TOKENS
        )
        self._rotation = Rotation(
            sessions=self.sessions,
            users=self.users,
            clients=MemoryClientRepository(),
            issuance=self._issuance,
            revocation=self._revocation,
            refresh_limit=LocalRateLimit(RATE_LIMITS.refresh),
            clock=self.clock,
            randomness=randomness,
            audit=self._audit,
            telemetry=NullTelemetry(),
            policy=policy,
        )
        self.retention = Retention(
            sweeper=self.sessions,
            rate_limits=MemoryRateLimitRepository(),
            revoked=self.revoked,
            clock=self.clock,
            access_tokens=ACCESS_TOKENS,
            session_policy=policy,
            events=None,
            event_lifetime=0.0,
        )

    def log_in(self, username: str, scope: str | None) -> tuple[IssuedTokens, SessionId]:
        """Open a session for a user; return its tokens and its id."""
        user = completed(self.users.find_by_username(username))
        assert user is not None
        granted = completed(
            self._issuance.open_session(
                subject=user.subject,
                scope=user.scope.narrowed_to(scope),
                credential_version=user.credential_version,
                client_id=FIRST_PARTY,
                requester=Requester("192.0.2.1"),
            )
        )
        session_id = self.codec.issued[granted.access_token].session_id
        assert session_id is not None
        return granted, session_id

    def present(self, token: str, client_id: ClientId, scope: str | None) -> IssuedTokens | type[KeyturnError]:
        """Present a refresh token; return what it gives, or how it fails."""
        try:
            return completed(self._rotation.rotate(token, client_id=client_id, requested=scope))
        except KeyturnError as error:
            return type(error)

    def log_out(self, token: str, client_id: ClientId) -> None:
        completed(self._revocation.log_out_with_refresh_token(token, client_id=client_id))

    def new_events(self) -> list[type]:
        """Return the kinds of the events since the last call."""
        kinds: list[type] = [*self._audit.kinds()]
        self._audit.events.clear()
        return kinds
