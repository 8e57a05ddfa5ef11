"""The cost of a rotation with few sessions and with many.

The functions run in a process of their own (``cores.process_on``), which keeps the sessions.
"""

import asyncio
import gc
from functools import cache

from dependency_injector import providers

from app.adapters.jose.token_codec import JoseTokenCodec
from app.domain.identifiers import FIRST_PARTY
from app.domain.rate_limits.rate_limit import RateLimit
from app.domain.sessions import ratchet
from app.domain.tokens.claims import AccessTokenClaims
from app.service.container import Container
from app.service.settings import Settings

from .population import STRIDE, session, token, user
from .timing import Operation, cpu_of


def prepare(count: int) -> None:
    """Create ``count`` sessions."""
    _rotation_operation(count)


def measure(count: int, seconds: float, *, signed: bool) -> float:
    """Return the CPU seconds of one rotation among ``count`` sessions."""
    _Codec.signing = signed
    return cpu_of(_rotation_operation(count), seconds)


class _Codec(JoseTokenCodec):
    """Signs only while ``signing`` is true. A signature takes so long that it hides the effect of the store's size."""

    signing = False

    def encode(self, claims: AccessTokenClaims, *, kid: str) -> str:
        return super().encode(claims, kid=kid) if self.signing else f"{claims.token_id}.{kid}"


@cache
def _rotation_operation(count: int) -> Operation:
    runner = asyncio.Runner()
    container = Container(settings=Settings(refresh_budget=RateLimit(1_000_000, 1)))
    container.token_codec.override(providers.Object(_Codec()))
    tokens = runner.run(_populate(container, count))
    rotation = container.rotation()
    position = 0

    async def rotate(times: int) -> None:
        nonlocal position
        for _ in range(times):
            position = (position + STRIDE) % count
            tokens[position] = (await rotation.rotate(tokens[position], client_id=FIRST_PARTY)).refresh_token

    return lambda times: runner.run(rotate(times))


async def _populate(container: Container, count: int) -> list[str]:
    """Add sessions with one user each. Return their refresh tokens."""
    await container.key_lifecycle().load()
    repository, users = container.session_repository(), container.user_repository()
    tokens = []
    gc.disable()
    for number in range(count):
        first, owner = token(), user(number)
        await users.add(owner)
        await repository.add(session(first, owner, number))
        tokens.append(ratchet.encode(first))
    gc.enable()
    gc.collect()
    return tokens
