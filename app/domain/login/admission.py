"""Admission: whether a password may be verified, decided before anything costly is done."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.user_repository import UserRepository
from ..audit.events import LoginFailed
from ..errors import KeyturnError, TooManyAttempts
from ..network import network_of
from ..rate_limits.limiter import RateLimiter
from ..rate_limits.policy import Attempt, RateLimitPolicy
from ..rate_limits.rate_limit import LocalRateLimit, RateLimit
from ..requester import Requester
from .device import Device, read_device_token
from .errors import HashingCancelled, HashingOverloaded
from .user import User

_DEVICE_LOOKUPS: Final = 1_000
"""The most sign-ins that may wait at once for the lookup of their device's user."""

_INVALID_DEVICE_TOKENS: Final = RateLimit(20, 600)
"""The limit of one network. Beyond it, the network's device tokens wait in a queue of their own."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A sign-in whose password may be verified: the user of its username, and the known device that it came from."""

    user: User | None
    device: Device | None


@dataclass(frozen=True, slots=True)
class _KnownDevice(Admitted):
    user: User
    device: Device


class Admission:
    """Admits sign-ins within the rate limits and within the capacity of the service.

    Each method is a context in which the password is verified, as one attempt. Leaving it without an error counts as
    success. ``HashingOverloaded`` and ``HashingCancelled`` give the attempt back, because no password was verified.

    At most ``max_unknown`` sign-ins from unknown devices run at once: as many as the hasher has places for. At most
    ``max_lookups`` of them query the store at the same time, and at most ``max_lookups`` sign-ins that have a device
    token. A device stays known for ``device_lifetime`` seconds.
    """

    def __init__(
        self,
        *,
        users: UserRepository,
        rate_limiter: RateLimiter,
        clock: Clock,
        audit: AuditTrail,
        policy: RateLimitPolicy,
        device_lifetime: int,
        max_unknown: int,
        max_lookups: int,
    ) -> None:
        self._users = users
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._audit = audit
        self._policy = policy
        self._device_lifetime = device_lifetime
        self._invalid_device_tokens = LocalRateLimit(_INVALID_DEVICE_TOKENS)
        self._unknown_devices = WaitingRoom(places=max_unknown, max_active=max_lookups)
        self._device_lookups = WaitingRoom(places=_DEVICE_LOOKUPS, max_active=max_lookups)
        self._doubtful_device_lookups = WaitingRoom(places=_DEVICE_LOOKUPS, max_active=max_lookups)

    @asynccontextmanager
    async def sign_in(self, username: str, device_token: str | None, requester: Requester) -> AsyncIterator[Admitted]:
        """Admit a sign-in. ``device_token`` is the one of an earlier sign-in, if the client has one.

        Raises ``TooManyAttempts``, ``HashingOverloaded`` and ``StoreUnavailable``.
        """
        known = None if device_token is None else await self._find_known_device(username, device_token, requester)
        if known is not None:
            async with self.known_user(known.user, known.device.device_id, requester):
                yield known
            return
        attempt = self._policy.attempt_from_unknown_device(username, network_of(requester.address))
        self._rate_limiter.check_recent_refusals(attempt)
        with self._unknown_devices.place():
            async with self._unknown_devices.turns:
                self._rate_limiter.check_recent_refusals(attempt)
                user = await self._users.find_by_username(username)
                await self._take(attempt, user, requester)
            async with self._settled(attempt):
                yield Admitted(user, device=None)

    @asynccontextmanager
    async def known_user(self, user: User, device_id: bytes, requester: Requester) -> AsyncIterator[None]:
        """Admit a user who is known by a device or by a session. ``device_id`` is the id of that device or session.

        Raises ``TooManyAttempts`` and ``StoreUnavailable``.
        """
        attempt = self._policy.attempt_from_known_device(user.username, device_id)
        self._rate_limiter.check_recent_refusals(attempt)
        await self._take(attempt, user, requester)
        async with self._settled(attempt):
            yield

    async def _find_known_device(self, username: str, device_token: str, requester: Requester) -> _KnownDevice | None:
        """Return the device and its user; ``None`` if the token is not valid for this username.

        A token is charged as invalid until it is verified, so that a flood of invalid tokens delays only its own
        network.
        """
        token = read_device_token(device_token, now=self._clock.now(), lifetime=self._device_lifetime)
        if token is None:
            return None
        network, lookups = network_of(requester.address), self._device_lookups
        try:
            self._invalid_device_tokens.take(network, self._clock.now())
        except TooManyAttempts:
            lookups = self._doubtful_device_lookups
        with lookups.place():
            async with lookups.turns:
                user = await self._users.find_by_username(username)
        if user is None or not token.is_valid_for(user):
            return None
        self._invalid_device_tokens.give_back(network, self._clock.now())
        return _KnownDevice(user, token.device)

    async def _take(self, attempt: Attempt, user: User | None, requester: Requester) -> None:
        """Charge the attempt. If the request is cancelled before that is done, give the attempt back.

        Raises ``TooManyAttempts`` and ``StoreUnavailable``.
        """
        taking = asyncio.create_task(self._rate_limiter.take(attempt))
        try:
            await asyncio.shield(taking)
        except asyncio.CancelledError:
            with suppress(KeyturnError):
                await taking
                await self._rate_limiter.give_back(attempt.limits)
            raise
        except TooManyAttempts:
            subject, address = None if user is None else user.subject, requester.address
            self._audit.record(
                LoginFailed(at=self._clock.now(), reason="too_many_attempts", subject=subject, address=address)
            )
            raise

    @asynccontextmanager
    async def _settled(self, attempt: Attempt) -> AsyncIterator[None]:
        """Give the attempt back if no password was verified, and reset the account's limits after a success."""
        try:
            yield
        except (HashingOverloaded, HashingCancelled):
            await self._rate_limiter.give_back(attempt.limits)
            raise
        await self._rate_limiter.succeeded(attempt)


class WaitingRoom:
    """Holds at most ``places`` sign-ins. At most ``max_active`` of them have a turn at the same time; ``turns`` gives
    them turns in the order in which they come.
    """

    def __init__(self, *, places: int, max_active: int) -> None:
        self._free_places = places
        self.turns = asyncio.Semaphore(max_active)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place; raises ``HashingOverloaded`` at once if all are taken."""
        if not self._free_places:
            raise HashingOverloaded(reached_hasher=False)
        self._free_places -= 1
        try:
            yield
        finally:
            self._free_places += 1
