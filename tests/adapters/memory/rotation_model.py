"""The table of refresh-token outcomes as a model: it knows what was issued, and nothing of digests and salts."""

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from app.domain.identifiers import FIRST_PARTY, ClientId, SessionId
from app.domain.sessions.issued_tokens import IssuedTokens

NEVER_ISSUED: Final = -2
"""The generation of a secret that nobody was given."""


class Row(Enum):
    """The rows of the table in which the outcomes of a presentation are listed; rows 4 and 5 can fail by scope."""

    UNKNOWN = 1
    FOREIGN = 2
    DEAD = 3
    ROTATION = 4
    REPLAY = 5
    REUSE = 6
    SCOPE_TOO_WIDE = 7


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the operator set, in seconds."""

    lifetime: int
    idle_lifetime: int | None
    replay_window: int

    @property
    def salt_lifetime(self) -> int:
        """Return for how long a salt stays: half a minute longer than its window, for clocks that differ."""
        return self.replay_window + 30 if self.replay_window else 0


@dataclass(kw_only=True)
class Account:
    """A user, as far as rotation cares."""

    version: int = 1
    disabled: bool = False


@dataclass(kw_only=True, eq=False)
class IssuedSession:
    """A session by what its client has got: ``tokens`` holds the refresh token of each generation."""

    session_id: SessionId
    account: Account
    version: int
    scope: frozenset[str]
    expires_at: float
    idle_expires_at: float | None
    rotated_at: float
    tokens: list[str]
    salted: bool = False
    revoked_at: float | None = None
    deleted: bool = False
    access_tokens: set[str] = field(default_factory=set)

    @classmethod
    def opened(
        cls, session_id: SessionId, account: Account, granted: IssuedTokens, now: float, limits: Limits
    ) -> "IssuedSession":
        """Return a session just opened, of which ``granted`` was handed out."""
        return cls(
            session_id=session_id,
            account=account,
            version=account.version,
            scope=granted.scope.tokens,
            expires_at=now + limits.lifetime,
            idle_expires_at=None if limits.idle_lifetime is None else now + limits.idle_lifetime,
            rotated_at=now,
            tokens=[granted.refresh_token],
        )

    def generation_of(self, age: int) -> int:
        """Return the generation that is ``age`` steps old, or the first."""
        return max(0, len(self.tokens) - 1 - age)

    def ends_at(self) -> float:
        """Return the earlier expiry."""
        return min(self.expires_at, math.inf if self.idle_expires_at is None else self.idle_expires_at)

    def has_ended(self, now: float) -> bool:
        """Tell whether the session was revoked or has expired."""
        return self.revoked_at is not None or now >= self.ends_at()

    def row(
        self,
        generation: int,
        now: float,
        limits: Limits,
        *,
        client_id: ClientId = FIRST_PARTY,
        scope: str | None = None,
    ) -> Row:
        """Return the row of the table that decides when the token of ``generation`` is presented."""
        newest = len(self.tokens) - 1
        since_rotation = max(0.0, now - self.rotated_at)
        if self.deleted:
            return Row.UNKNOWN
        if client_id != FIRST_PARTY:
            return Row.FOREIGN
        if self.has_ended(now) or self.account.disabled or self.account.version != self.version:
            return Row.DEAD
        if generation == newest:
            row = Row.ROTATION
        elif generation == newest - 1 and self.salted and since_rotation < limits.replay_window:
            row = Row.REPLAY
        else:
            return Row.REUSE
        return row if frozenset((scope or "").split()) <= self.scope else Row.SCOPE_TOO_WIDE

    def rotate(self, successor: str, now: float, limits: Limits) -> None:
        """Note that ``successor`` was committed."""
        self.tokens.append(successor)
        self.rotated_at, self.salted = now, True
        if limits.idle_lifetime is not None:
            self.idle_expires_at = now + limits.idle_lifetime

    def revoke(self, now: float) -> None:
        """Note that the session was revoked, unless it was before; it needs no salt any more."""
        if self.revoked_at is None:
            self.revoked_at, self.salted = now, False

    def sweep(self, now: float, limits: Limits, *, still_there: bool, memory_of_revocations: int) -> None:
        """Note what a sweep does: it erases the salt that no replay can need, and deletes what has ended, in time."""
        if self.rotated_at < now - limits.salt_lifetime:
            self.salted = False
        if still_there:
            old = now - memory_of_revocations
            assert self.ends_at() >= old, "an expired session outlives its time"
            assert self.revoked_at is None or self.revoked_at >= old, "a revoked session outlives its time"
        else:
            assert self.deleted or self.has_ended(now), "a live session was deleted"
            self.deleted = True
