"""The deletion of old sessions and of replaced secrets."""

from typing import Protocol


class SessionSweeper(Protocol):
    """Deletes old sessions and replaced secrets in a store in which they do not expire. Several instances may use it at
    once.

    Every method raises ``StoreUnavailable`` if the store does not answer. Times are seconds since the epoch.
    """

    async def erase_replaced(self, *, rotated_before: float, limit: int) -> int:
        """Erase the replaced secrets of at most ``limit`` sessions last rotated before ``rotated_before``; return how
        many sessions had some.
        """
        ...

    async def revoke_cut_off(self, *, limit: int) -> int:
        """Revoke at most ``limit`` sessions in their own entries that the cut-off has ended; return how many.

        They end as ``Session.ended_by`` says. Repeated calls revoke all.
        """
        ...

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        """Delete sessions that expired before ``expired_before`` or were revoked before ``revoked_before``.

        Check at most ``limit`` sessions, and return how many were deleted. Repeated calls check every session.
        """
        ...
