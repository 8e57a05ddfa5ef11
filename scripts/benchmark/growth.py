"""The cost of a rotation with few sessions and with many.

The functions run in a process of their own (``cores.process_on``), which keeps the sessions.
"""

import asyncio
import gc
from functools import cache

from dependency_injector import providers

from app.adapters.keys.rsa_signer import RsaSigner
from app.domain.identifiers import FIRST_PARTY
from app.domain.rate_limits.rate_limit import RateLimit
from app.domain.requester import Requester
from app.domain.sessions import ratchet
from app.service.container import Container
from app.service.settings import Settings

from .population import STRIDE, session, token, user
from .timing import Operation, cpu_of


def prepare(count: int) -> None:
    """Create ``count`` sessions."""
    _rotation_operation(count)


def measure(count: int, seconds: float, *, signed: bool) -> float:
    """Return the CPU seconds of one rotation among ``count`` sessions."""
    _Signer.signing = signed
    return cpu_of(_rotation_operation(count), seconds)


class _Signer(RsaSigner):
    """Signs only while ``signing`` is true. A signature takes so long that it hides the effect of the store's size."""

    signing = False

    async def sign(self, kid: str, message: bytes) -> bytes:
        return await super().sign(kid, message) if self.signing else b""


@cache
def _rotation_operation(count: int) -> Operation:
    runner = asyncio.Runner()
    container = Container(settings=Settings(refresh_budget=RateLimit(1_000_000, 1)))
    container.signer.override(providers.Object(_Signer()))
    tokens = runner.run(_populate(container, count))
    rotation = container.rotation()
    position = 0

    async def rotate(times: int) -> None:
        nonlocal position
        for _ in range(times):
            position = (position + STRIDE) % count
            tokens[position] = (
                await rotation.rotate(tokens[position], client_id=FIRST_PARTY, requester=Requester())
            ).refresh_token

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
