"""The code of a user of gRPC, and their tests, for ``mypy --strict``: right uses, and wrong ones that it must find."""

from collections.abc import AsyncIterator

import grpc.aio

from app.guard.grpc import AccessTokenClaims, principal, remote_guard, requires, while_valid
from app.testing import TestIssuer

guard = remote_guard(issuer="https://id.example", audience="orders", public=["/grpc.health.v1.Health/*"])
server = grpc.aio.server(interceptors=[guard])


@requires("orders:read")
async def orders(request: bytes, context: object) -> bytes:
    """Return whose orders these are."""
    return principal().subject.encode()


async def ticks(request: bytes, context: object) -> AsyncIterator[bytes]:
    """Tick while the token is valid."""
    async with while_valid():
        yield b"tick"


def claims_of_a_test() -> AccessTokenClaims:
    """Return the claims of a token that a test made."""
    issuer = TestIssuer(audience="orders")
    issuer.revoke(issuer.token(sub="alice", scope="orders:read", client_id="shop"))
    grpc.aio.server(interceptors=[issuer.grpc_guard(public=["/orders.Orders/List"])])
    return issuer.checks().validation.validate(issuer.expired_token())


async def wrong() -> None:
    """Use the guard wrongly."""
    number: int = await orders(b"", None)  # type: ignore[assignment]
    await orders(5, None)  # type: ignore[arg-type]
    remote_guard(issuer="https://id.example")  # type: ignore[call-arg]
    TestIssuer().token(sub=5)  # type: ignore[arg-type]
    guard.is_valid("alice")  # type: ignore[arg-type]
    del number
