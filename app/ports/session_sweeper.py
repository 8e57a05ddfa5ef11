"""Forgetting sessions."""

from typing import Protocol


class SessionSweeper(Protocol):
    """Deletes what has had its time, where the store does not do that by itself. Several instances may do so at once.

    Every method raises ``StoreUnavailable`` when the store does not answer. Times are seconds since the epoch.
    """

    async def erase_salts(self, *, rotated_before: float, limit: int) -> int:
        """Erase the salts of at most ``limit`` sessions rotated before ``rotated_before``; return how many."""
        ...

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        """Delete sessions whose time was over before ``expired_before``, or that were revoked before
        ``revoked_before``, looking at no more than ``limit`` of all sessions; return how many were deleted.

        Repeated calls come past every session.
        """
        ...
