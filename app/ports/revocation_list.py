"""The revocations that this instance knows of."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.model.identifiers import SessionId
from ..domain.model.session import Revocation


class RevocationList(Protocol):
    """The sessions revoked lately, in this instance's memory: asked for every access token, so it never waits."""

    @property
    def complete_until(self) -> float:
        """The moment (seconds since the epoch) up to which other instances' revocations are on it; 0 at first."""
        ...

    def add(self, revocation: Revocation) -> None:
        """Remember a revocation; one that is known already is kept at least as long as before."""
        ...

    def complete(self, *, until: float) -> None:
        """Note that what other instances revoked until then was added."""
        ...

    def __contains__(self, session_id: SessionId) -> bool:
        """Tell whether the session is known to be revoked."""
        ...

    def since(self, moment: float) -> Sequence[Revocation]:
        """Return the revocations from ``moment`` on (seconds since the epoch), the earliest first; of those of one
        moment, the least id.
        """
        ...

    def forget(self, *, revoked_before: float) -> None:
        """Forget the revocations from before ``revoked_before`` (seconds since the epoch)."""
        ...
