"""How calls of gRPC are refused: the status, and what HTTP has as headers in the trailing metadata."""

from typing import Final

import grpc

from ...domain.clocks.errors import ClockInDoubt
from ...domain.errors import KeyturnError
from ...domain.tokens.errors import InsufficientScope
from ...domain.verifier.errors import KeysUnknown, RevocationsUnknown
from ..errors.problem import PROBLEM

_UNAVAILABLE: Final = (KeysUnknown, RevocationsUnknown, ClockInDoubt)
_IN_METADATA: Final = frozenset({"www-authenticate", "retry-after"})


class GrpcRefusal:
    """The answer to a refused call. ``metadata`` has the challenge of RFC 6750, and when to try again."""

    __slots__ = ("code", "details", "metadata")

    def __init__(self, refusal: KeyturnError) -> None:
        headers = PROBLEM.render(refusal).headers
        self.code = _code(refusal)
        self.details = refusal.description
        self.metadata = tuple((name.lower(), text) for name, text in headers.items() if name.lower() in _IN_METADATA)


def _code(refusal: KeyturnError) -> grpc.StatusCode:
    if isinstance(refusal, InsufficientScope):
        return grpc.StatusCode.PERMISSION_DENIED
    return grpc.StatusCode.UNAVAILABLE if isinstance(refusal, _UNAVAILABLE) else grpc.StatusCode.UNAUTHENTICATED
