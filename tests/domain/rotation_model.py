"""The table of docs/refresh-tokens.md as a model. It knows the issued tokens, but no digests and no salts."""

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from app.domain.identifiers import FIRST_PARTY, ClientId, SessionId
from app.domain.sessions.issuing import IssuedTokens

LEEWAY: Final = 30
"""Seconds by which the clocks of two instances may differ."""

MAX_REPLACED: Final = 32

NEVER_ISSUED: Final = -2
"""The generation of a secret that was never issued."""


class Row(Enum):
    """The rows of the table of outcomes. Rows 4 and 5 can fail because of the scope."""

    UNKNOWN = 1
    FOREIGN = 2
    DEAD = 3
    ROTATION = 4
    REPLAY = 5
    REUSE = 6
    SCOPE_TOO_WIDE = 7
    UNTRACED = 8


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The operator's settings, in seconds."""

    lifetime: int
    idle_lifetime: int | None
    replay_window: int

    @property
    def replaced_lifetime(self) -> int:
        """Return how long a replaced token is known: longer than the window, because clocks differ."""
        return self.replay_window + LEEWAY if self.replay_window else 0


@dataclass(kw_only=True)
class Account:
    """The facts about a user that rotation depends on."""

    version: int = 1
    disabled: bool = False


@dataclass(kw_only=True, eq=False)
class IssuedSession:
    """A session as its client sees it. ``tokens`` holds the refresh token of each generation, ``replaced`` the
    generations that are known as replaced, with their times.
    """

    session_id: SessionId
    account: Account
    version: int
    scope: frozenset[str]
    expires_at: float
    idle_expires_at: float | None
    rotated_at: float
    tokens: list[str]
    replaced: list[tuple[int | None, float]] = field(default_factory=list)
    revoked_at: float | None = None
    deleted: bool = False
    access_tokens: set[str] = field(default_factory=set)

    @classmethod
    def opened(cls, account: Account, issued: IssuedTokens, now: float, limits: Limits) -> "IssuedSession":
        """Return a new session with its first tokens."""
        return cls(
            session_id=issued.session_id,
            account=account,
            version=account.version,
            scope=issued.scope.tokens,
            expires_at=now + limits.lifetime,
            idle_expires_at=None if limits.idle_lifetime is None else now + limits.idle_lifetime,
            rotated_at=now,
            tokens=[issued.refresh_token],
        )

    def generation_of(self, age: int) -> int:
        """Return the generation that is ``age`` steps old, or the first."""
        return max(0, len(self.tokens) - 1 - age)

    def ends_at(self) -> float:
        """Return the earlier expiry."""
        return min(self.expires_at, math.inf if self.idle_expires_at is None else self.idle_expires_at)

    def has_ended(self, now: float) -> bool:
        """Return whether the session was revoked, or has less than a second left."""
        return self.revoked_at is not None or self.ends_at() - now < 1

    def row(
        self,
        generation: int,
        now: float,
        limits: Limits,
        *,
        client_id: ClientId = FIRST_PARTY,
        scope: str | None = None,
    ) -> Row:
        """Return the row of the table that decides for the token of ``generation``."""
        newest = len(self.tokens) - 1
        if self.deleted:
            return Row.UNKNOWN
        if client_id != FIRST_PARTY:
            return Row.FOREIGN
        if self.has_ended(now) or self.account.disabled or self.account.version != self.version:
            return Row.DEAD
        if generation == newest:
            row = Row.REPLAY if self.is_full(now, limits) else Row.ROTATION
        elif (row := self._replaced_row(generation, now, limits)) is not Row.REPLAY:
            return row
        return row if frozenset((scope or "").split()) <= self.scope else Row.SCOPE_TOO_WIDE

    def is_full(self, now: float, limits: Limits) -> bool:
        """Return whether 32 rotations are within the window."""
        recent = [at for _, at in self.replaced if now - limits.replay_window < at <= now + LEEWAY]
        return len(recent) >= MAX_REPLACED

    def _replaced_row(self, generation: int, now: float, limits: Limits) -> Row:
        """Return the row for a token that is not the newest. If the clock went back after the known ones were erased,
        it is unclear which tokens were replaced within the window.
        """
        at = dict(self.replaced).get(generation)
        if at is not None:
            return Row.REPLAY if max(0.0, now - at) < limits.replay_window else Row.REUSE
        rotated_recently = len(self.tokens) > 1 and max(0.0, now - self.rotated_at) < limits.replay_window
        has_gap = not self.replaced or None in dict(self.replaced)
        return Row.UNTRACED if rotated_recently and has_gap else Row.REUSE

    def rotate(self, successor: str, now: float, limits: Limits) -> None:
        """Add the committed ``successor``. A time that is too far ahead is taken for now; times never decrease."""
        kept: list[tuple[int | None, float]] = []
        at = 0.0
        for generation, known_at in [*self.replaced, *self._gap()]:
            at = max(at, now if known_at > now + LEEWAY else known_at)
            if now - at < limits.replaced_lifetime:
                kept.append((generation, at))
        self.rotated_at = max(at, now) if limits.replay_window else now
        kept.append((len(self.tokens) - 1, self.rotated_at))
        self.replaced = kept[-MAX_REPLACED:] if limits.replay_window else []
        self.tokens.append(successor)
        if limits.idle_lifetime is not None:
            self.idle_expires_at = now + limits.idle_lifetime

    def _gap(self) -> list[tuple[None, float]]:
        """Return the last rotation without its generation, if what it replaced was erased."""
        is_known = self.rotated_at in dict(self.replaced).values()
        return [] if is_known or len(self.tokens) == 1 else [(None, self.rotated_at)]

    def revoke(self, now: float) -> None:
        """Revoke the session unless it is revoked already. Nothing is known as replaced in a revoked session."""
        if self.revoked_at is None:
            self.revoked_at, self.replaced = now, []

    def sweep(self, now: float, limits: Limits, *, still_there: bool, memory_of_revocations: int) -> None:
        """Check a sweep: it erases replaced secrets, and deletes sessions that have ended, not too late."""
        if self.rotated_at < now - limits.replaced_lifetime:
            self.replaced = []
        if still_there:
            old = now - memory_of_revocations
            assert self.ends_at() >= old, "an expired session was kept too long"
            assert self.revoked_at is None or self.revoked_at >= old, "a revoked session was kept too long"
        else:
            assert self.deleted or self.has_ended(now), "a live session was deleted"
            self.deleted = True
