"""Throttling: how often something may be tried, judged before anything costly is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import ceil
from typing import Final

from ...ports.attempt_budgets import AttemptBudgets
from ...ports.clock import Clock
from ..errors import TooManyAttempts
from ..model.budget import Budget
from ..model.identifiers import ClientId, SessionId
from ..model.network import network_of
from ..model.throttle_policy import ThrottlePolicy

_INTROSPECTION: Final = Budget(60_000, 60)


@dataclass(frozen=True, slots=True)
class Taken:
    """An attempt that was taken from budgets: those of the account, and those that it shares with others."""

    of_account: Mapping[bytes, Budget]
    shared: Mapping[bytes, Budget] = field(default_factory=dict)


class Throttling:
    """Takes attempts from budgets. Accounts are told apart by the name that was given: one that nobody has is
    throttled as one that somebody has. ``budgets`` are those of all instances, ``own`` those of this one.
    """

    def __init__(self, *, budgets: AttemptBudgets, own: AttemptBudgets, clock: Clock, policy: ThrottlePolicy) -> None:
        self._budgets = budgets
        self._own = own
        self._clock = clock
        self._policy = policy

    async def admit_stranger(self, username: str, address: str) -> Taken:
        """Take an attempt to sign in from a device that is not known; raises ``TooManyAttempts``.

        One that finds a budget empty costs none of them anything.
        """
        policy, network = self._policy, network_of(address)
        taken = Taken(
            of_account={
                _key("account", username): policy.account,
                _key("account and network", username, network): policy.account_and_network,
            },
            shared={_key("network", network): policy.network, _key("everyone"): policy.everyone},
        )
        await self._take(self._budgets, {**taken.of_account, **taken.shared})
        return taken

    async def admit_device(self, username: str, device: bytes) -> Taken:
        """Take an attempt from a device that is known: no stranger can use up its budget. Raises as above."""
        of_device = {_key("device", username, device.hex()): self._policy.device}
        await self._take(self._budgets, of_device)
        return Taken(of_account=of_device)

    async def succeeded(self, username: str, taken: Taken) -> None:
        """Make the account's budgets whole: that was no guess. The others get back what this attempt took, so that many
        people behind one address are in nobody's way.
        """
        await self._budgets.clear({_key("account", username), *taken.of_account})
        if taken.shared:
            await self._budgets.give_back(taken.shared, now=self._clock.now())

    async def came_to_nothing(self, taken: Taken) -> None:
        """Give the attempt back: no password was looked at."""
        await self._budgets.give_back({**taken.of_account, **taken.shared}, now=self._clock.now())

    async def admit_refresh(self, session_id: SessionId) -> None:
        """Take a refresh of a session whose token was found good; raises ``TooManyAttempts``. Each instance counts for
        itself: it is its signing that is protected.
        """
        await self._take(self._own, {_key("refresh", session_id.hex()): self._policy.refresh})

    async def admit_introspection(self, client_id: ClientId) -> None:
        """Take an introspection by a client that is authenticated; raises and counts as above."""
        await self._take(self._own, {_key("introspection", client_id): _INTROSPECTION})

    async def _take(self, budgets: AttemptBudgets, wanted: Mapping[bytes, Budget]) -> None:
        if waits := await budgets.take(wanted, now=self._clock.now()):
            raise TooManyAttempts(retry_after=ceil(max(waits.values())))


def _key(*parts: str) -> bytes:
    """Return a key that tells nothing; the parts cannot run into each other."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()
