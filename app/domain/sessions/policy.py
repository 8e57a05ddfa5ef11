"""How long sessions live: the operator sets it."""

from dataclasses import dataclass
from typing import Final

_SALT_MARGIN: Final = 30
"""Seconds. The clocks of instances differ: an instance whose clock is ahead must not take a replay for reuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """Durations in seconds. ``lifetime`` counts from the login, ``idle_lifetime`` (if set) from the last rotation.

    Within ``replay_window`` after a rotation, the replaced token still gets the same successor. 0 turns replay off.
    """

    lifetime: int = 604_800
    idle_lifetime: int | None = None
    replay_window: int = 30

    def idle_deadline(self, now: float) -> float | None:
        """Return the idle expiry of a session that is rotated at ``now``; ``None`` if there is no idle limit."""
        return None if self.idle_lifetime is None else now + self.idle_lifetime

    def ends_at(self, *, created_at: float, rotated_at: float) -> float:
        """Return when a session expires that was created and last rotated at these times."""
        idle_deadline = self.idle_deadline(rotated_at)
        expires_at = created_at + self.lifetime
        return expires_at if idle_deadline is None else min(expires_at, idle_deadline)

    def salt_lifetime(self) -> int:
        """Return for how many seconds after a rotation its salt is kept. A replay needs the salt within the window."""
        return self.replay_window + _SALT_MARGIN if self.replay_window else 0
