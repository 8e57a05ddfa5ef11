"""Ports whose calls stop, so that the explorer decides when each call runs and what it answers."""

from collections.abc import Generator
from dataclasses import dataclass, field
from hashlib import shake_256
from typing import Any, Final

from app.domain.errors import StoreUnavailable
from app.domain.keys.errors import SignerUnavailable
from app.domain.tokens.claims import AccessTokenClaims
from app.testing.system import FakeRandomness
from app.testing.tokens import FakeTokenCodec

UNAVAILABLE: Final = "Unavailable"
"""The answer of a call that fails."""

SIGNER: Final = "signer"
"""The port whose calls do not reach the store."""

WRITES: Final = frozenset(
    {
        "add",
        "advance",
        "revoke",
        "revoke_subject",
        "revoke_excess",
        "set_credential_version",
        "change_password",
        "replace_password_hash",
        "set_disabled",
    }
)


@dataclass(frozen=True)
class Step:
    """One call of a port. Awaiting it stops the service until the explorer sends the answer."""

    port: str
    act: str
    arguments: tuple[Any, ...] = field(repr=False)
    keywords: tuple[tuple[str, Any], ...] = field(repr=False)

    @property
    def is_write(self) -> bool:
        """Return whether the call changes the store."""
        return self.act in WRITES

    def __await__(self) -> Generator["Step", Any, Any]:
        """Yield this step, and return the answer that is sent back."""
        answer = yield self
        if answer == UNAVAILABLE:
            raise SignerUnavailable if self.port == SIGNER else StoreUnavailable
        return answer


class SteppedPort:
    """Every method of the port is a step."""

    def __init__(self, port: str) -> None:
        self._port = port

    def __getattr__(self, act: str) -> Any:
        async def call(*arguments: Any, **keywords: Any) -> Any:
            return await Step(self._port, act, arguments, tuple(sorted(keywords.items())))

        return call


class RequestRandomness(FakeRandomness):
    """Draws the same bytes each time that a request is run again, and different ones for each request."""

    def __init__(self) -> None:
        super().__init__()
        self._request = 0

    def begin(self, request: int) -> None:
        """Start to draw for a request."""
        self._request, self.draws = request, 0

    def token_bytes(self, length: int) -> bytes:
        self.draws += 1
        return shake_256(f"{self._request} {self.draws}".encode()).digest(length)


class RepeatableCodec(FakeTokenCodec):
    """Makes the same token each time that a request is run again."""

    def signing_input(self, claims: AccessTokenClaims, *, kid: str) -> bytes:
        return f"{kid} {claims.token_id}".encode()

    def assemble(self, signing_input: bytes, signature: bytes) -> str:
        return f"{signing_input.decode()} {signature.decode()}"
