"""How long sessions live, as the operator sets it."""

from dataclasses import dataclass
from typing import Final

_SALT_MARGIN: Final = 30
"""Seconds. Clocks of instances differ: one that is ahead must not take another's replay for reuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """How long sessions live, in seconds: from login, and (if ``idle_lifetime`` is set) from the last rotation.

    ``replay_window`` is for how long the token just replaced still gets the same successor; 0 is never.
    """

    lifetime: int = 604_800
    idle_lifetime: int | None = None
    replay_window: int = 30

    def idle_deadline(self, now: float) -> float | None:
        """Return when a session used at ``now`` ends if it is not used again."""
        return None if self.idle_lifetime is None else now + self.idle_lifetime

    def salt_lifetime(self) -> int:
        """Return for how many seconds after a rotation its salt stays: a replay may need it within the window."""
        return self.replay_window + _SALT_MARGIN if self.replay_window else 0
