"""The revocations that this instance knows of."""

from typing import Protocol

from ..domain.model.identifiers import SessionId
from ..domain.model.session import Revocation


class RevocationList(Protocol):
    """The sessions revoked lately, in this instance's memory: asked for every access token, so it never waits."""

    def add(self, revocation: Revocation) -> None:
        """Remember a revocation; one that is known already is kept at least as long as before."""
        ...

    def __contains__(self, session_id: SessionId) -> bool:
        """Tell whether the session is known to be revoked."""
        ...

    def forget(self, *, revoked_before: float) -> None:
        """Forget the revocations from before ``revoked_before`` (seconds since the epoch)."""
        ...
