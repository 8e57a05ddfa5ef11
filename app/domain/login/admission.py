"""Admission: whose password is looked at, judged before anything costly is done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.telemetry import Telemetry
from ...ports.user_repository import UserRepository
from ..audit.events import LoginFailed
from ..errors import KeyturnError, TooManyAttempts
from ..rate_limits.attempt import Attempt, of_device, of_stranger
from ..rate_limits.limiter import RateLimiter
from ..rate_limits.policy import RateLimitPolicy
from ..requester import Requester
from .device import Device, device_claim
from .errors import HashingAbandoned, HashingOverloaded
from .user import User
from .waiting_room import WaitingRoom

_CLAIMS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who is let in: the user of that name, if there is one, and the device that they are known by, if they are."""

    user: User | None
    device: Device | None


@dataclass(frozen=True, slots=True)
class Known(Admitted):
    """Who is let in as the owner of an account."""

    user: User
    device: Device


class Admission:
    """Lets those in whose password is to be verified. A device stays known for ``device_lifetime`` seconds.

    At most ``max_unknown`` who show no known device are inside, so that no more ask the stores than can be hashed; on
    their way in ``max_lookups`` of them ask at once, and as many of those whose device has to be looked up.

    What is done inside is one attempt. It counts as a success unless it raises; it is given back if no password was
    looked at, which ``HashingOverloaded`` and ``HashingAbandoned`` tell.
    """

    def __init__(
        self,
        *,
        users: UserRepository,
        rate_limiter: RateLimiter,
        clock: Clock,
        audit: AuditTrail,
        telemetry: Telemetry,
        policy: RateLimitPolicy,
        device_lifetime: int,
        max_unknown: int,
        max_lookups: int,
    ) -> None:
        self._users = users
        self._throttling = rate_limiter
        self._clock = clock
        self._audit = audit
        self._policy = policy
        self._device_lifetime = device_lifetime
        self._strangers = WaitingRoom(places=max_unknown, at_once=max_lookups, telemetry=telemetry)
        self._claims = WaitingRoom(places=_CLAIMS, at_once=max_lookups, telemetry=telemetry)
        self._doubtful_claims = WaitingRoom(places=_CLAIMS, at_once=max_lookups, telemetry=telemetry)

    @asynccontextmanager
    async def sign_in(self, username: str, device: str | None, requester: Requester) -> AsyncIterator[Admitted]:
        """Admit whoever gave ``username``, and ``device``, if it is the device token of an earlier sign-in.

        Raises ``TooManyAttempts``, ``HashingOverloaded`` and ``StoreUnavailable``.
        """
        if device is not None and (known := await self._known(username, device, requester)) is not None:
            async with self.owner(known.user, known.device.device_id, requester):
                yield known
        else:
            async with self._stranger(username, requester) as user:
                yield Admitted(user, device=None)

    @asynccontextmanager
    async def owner(self, user: User, known_by: bytes, requester: Requester) -> AsyncIterator[None]:
        """Admit a user who is known by the id of a device, or as one who is signed in by that of their session. Raises
        as above.
        """
        attempt = of_device(user.username, known_by, self._policy)
        self._throttling.check(attempt)
        await self._take(attempt, user, requester)
        async with self._judged(attempt):
            yield

    @asynccontextmanager
    async def _stranger(self, username: str, requester: Requester) -> AsyncIterator[User | None]:
        attempt = of_stranger(username, requester.address, self._policy)
        self._throttling.check(attempt)
        with self._strangers.place():
            async with self._strangers.turn():
                self._throttling.check(attempt)
                user = await self._users.find_by_username(username)
                await self._take(attempt, user, requester)
            async with self._judged(attempt):
                yield user

    @asynccontextmanager
    async def _judged(self, attempt: Attempt) -> AsyncIterator[None]:
        try:
            yield
        except (HashingOverloaded, HashingAbandoned):
            await self._throttling.came_to_nothing(attempt)
            raise
        await self._throttling.succeeded(attempt)

    async def _known(self, username: str, device: str, requester: Requester) -> Known | None:
        """Return whose device that is. Of a network that showed many false ones, claims wait in a room of their own."""
        claim = device_claim(device, now=self._clock.now(), lifetime=self._device_lifetime)
        if claim is None:
            return None
        room = self._claims if await self._throttling.believes_claims(requester.address) else self._doubtful_claims
        with room.place():
            async with room.turn():
                user = await self._users.find_by_username(username)
        if user is None or not claim.is_of(user):
            return None
        await self._throttling.claim_was_true(requester.address)
        return Known(user, claim.device)

    async def _take(self, attempt: Attempt, user: User | None, requester: Requester) -> None:
        """Take the attempt, and give it back if the client goes away meanwhile: no password is looked at then."""
        taking = asyncio.create_task(self._throttling.take(attempt))
        try:
            await asyncio.shield(taking)
        except asyncio.CancelledError:
            with suppress(KeyturnError):
                await taking
                await self._throttling.came_to_nothing(attempt)
            raise
        except TooManyAttempts:
            subject = None if user is None else user.subject
            self._audit.record(
                LoginFailed(
                    at=self._clock.now(), reason="too_many_attempts", subject=subject, address=requester.address
                )
            )
            raise
