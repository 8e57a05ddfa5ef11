"""The rotation of the service on fakes, driven without an event loop."""

from collections.abc import Coroutine
from dataclasses import replace
from hashlib import shake_256
from typing import Any, Final, TypeVar

from app.domain.errors import KeyturnError
from app.domain.identifiers import ClientId, SessionId, Subject
from app.domain.login.user import User
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.session import Session, SessionPolicy
from app.domain.tokens.policy import AccessTokenPolicy
from app.testing.builders import ALICE, AUDIENCE, ISSUER, RATE_LIMITS
from app.testing.system import FakeRandomness
from app.testing.world import REQUESTER, World

from .rotation_model import Limits

ACCESS_TOKENS: Final = AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE)

USERNAMES: Final = ("alice", "bob", "carol")

T = TypeVar("T")


def completed(act: Coroutine[Any, Any, T]) -> T:
    """Return the result of ``act``, which must not wait for anything."""
    try:
        act.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("an act on fakes waited")


class ScatteredRandomness(FakeRandomness):
    """Draws bytes that are the same in each run; no draw contains a part of another."""

    def token_bytes(self, length: int) -> bytes:
        return shake_256(super().token_bytes(8)).digest(length)


class RotationService:
    """Log in, present a refresh token, log out; each call is complete when it returns."""

    def __init__(self, limits: Limits) -> None:
        policy = SessionPolicy(
            lifetime=limits.lifetime, idle_lifetime=limits.idle_lifetime, replay_window=limits.replay_window
        )
        self.world = World(policy, ACCESS_TOKENS, RATE_LIMITS)
        self.world.randomness = ScatteredRandomness()
        self.clock = self.world.clock
        completed(self.world.keys.load())
        for username in USERNAMES:
            user = replace(ALICE, subject=Subject(f"{username}-subject"), username=username)
            completed(self.world.users.add(user))

    def log_in(self, username: str, scope: str | None) -> IssuedTokens:
        """Open a session for a user; return its tokens."""
        return completed(self.world.open_session(self.user(username), requested_scope=scope))

    def present(self, token: str, client_id: ClientId, scope: str | None) -> IssuedTokens | type[KeyturnError]:
        """Present a refresh token; return the new tokens, or the type of the error."""
        try:
            return completed(
                self.world.rotation.rotate(token, client_id=client_id, requester=REQUESTER, requested_scope=scope)
            )
        except KeyturnError as error:
            return type(error)

    def log_out(self, token: str, client_id: ClientId) -> None:
        """Log out with a refresh token."""
        completed(self.world.revocation.log_out_with_refresh_token(token, client_id=client_id))

    def change_account(self, username: str, change: str) -> User:
        """Change the password (``password``), disable (``disabled``) or enable (``enabled``) a user; return the user.

        The sessions of the user are not revoked.
        """
        subject = self.user(username).subject
        if change == "password":
            completed(self.world.users.change_password(subject, new="", expected=None))
        else:
            completed(self.world.users.set_disabled(subject, disabled=change == "disabled"))
        return self.user(username)

    def user(self, username: str) -> User:
        """Return the stored user."""
        user = completed(self.world.users.find_by_username(username))
        assert user is not None
        return user

    def find(self, session_id: SessionId) -> Session | None:
        """Return the stored session."""
        return completed(self.world.sessions.find(session_id))

    def new_events(self) -> list[type]:
        """Return the types of the audit events since the last call."""
        types: list[type] = [*self.world.audit.kinds()]
        self.world.audit.events.clear()
        return types
