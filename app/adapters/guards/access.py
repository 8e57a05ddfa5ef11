"""A request that the guard let through: what its handler can ask. This file imports no web framework."""

from ...domain.errors import KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.errors import InsufficientScope
from .core import FollowedFeed, check_fresh, check_scope
from .open_requests import OpenRequests, WhileValid


class Access:
    """The access token of one request, and its ``principal``. No ``repr`` has the token.

    ``refusal`` is the error that the handler's own checks raised, or that ended ``while_valid``. A framework may turn
    an error into an answer of its own. The guard then sends its answer in place of that one.
    """

    __slots__ = ("_feed", "_open_requests", "_token", "principal", "refusal")

    def __init__(
        self, principal: AccessTokenClaims, token: str, open_requests: OpenRequests, feed: FollowedFeed | None
    ) -> None:
        self.principal = principal
        self.refusal: KeyturnError | None = None
        self._token = token
        self._open_requests = open_requests
        self._feed = feed

    def check_scope(self, *scopes: str) -> None:
        """Raise ``InsufficientScope`` with the first of ``scopes`` that the principal lacks."""
        try:
            check_scope(self.principal, *scopes)
        except InsufficientScope as refusal:
            self.refusal = refusal
            raise

    def check_fresh(self) -> None:
        """Raise ``RevocationsUnknown`` while the feed is stale, and ``RuntimeError`` under a guard without a feed."""
        if self._feed is None:
            raise RuntimeError("a fresh feed is required on a route whose guard follows none")
        try:
            check_fresh(self._feed)
        except KeyturnError as refusal:
            self.refusal = refusal
            raise

    def while_valid(self) -> WhileValid:
        """Return a context that is cancelled when the token ends."""
        return self._open_requests.while_valid(self._token, self.principal, note=self._refuse)

    def _refuse(self, refusal: KeyturnError) -> None:
        self.refusal = refusal


def comes_from(error: BaseException | None, refusal: KeyturnError) -> bool:
    """Return whether a refusal caused an error, such as one that a framework or a task group made of it."""
    left, seen = [error], set[int]()  # causes can form a ring
    while left:
        each = left.pop()
        if each is refusal:
            return True
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        left += each.exceptions if isinstance(each, BaseExceptionGroup) else (each.__cause__ or each.__context__,)
    return False
