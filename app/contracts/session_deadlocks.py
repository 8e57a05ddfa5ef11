"""The concurrency of a session repository: acts that change the same sessions in different orders all end."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from ..ports.session_repository import SessionRepository
from .kit import CONNECTIONS, RepositoryContract
from .sentences import all_end
from .sessions import NOW, advance, end_all, limit_to, new_session, revoke

_SESSIONS = 12
_ROUNDS = 4
_ACTS = "revoke_subject, revoke_excess, revoke, advance and set_cut_off"


class SessionDeadlocks(RepositoryContract[SessionRepository]):
    """Acts on many sessions wait for each other only for a while."""

    async def test_racing_acts_do_not_deadlock(self) -> None:
        """Acts on all sessions of a subject and acts on each of them, in both directions, all end without an error."""
        connections = await self.connections(CONNECTIONS)
        for round_ in range(_ROUNDS):
            opened = [
                new_session(100 * round_ + each, created_at=NOW - each, rotated_at=NOW + each)
                for each in range(_SESSIONS)
            ]
            await asyncio.gather(*(connections[0].add(each) for each in opened))
            acts: list[Awaitable[Any]] = []
            for place, session in enumerate(opened):
                acts.append(advance(connections[place % CONNECTIONS], session))
                acts.append(revoke(connections[-place % CONNECTIONS], opened[-1 - place]))
            for connection in connections[:4]:
                acts += [limit_to(connection, 2), end_all(connection)]
            acts.append(connections[-1].set_cut_off(int(NOW) - 1_000 + round_))
            for result in await all_end(acts[:: -1 if round_ % 2 else 1], _ACTS):
                assert not isinstance(result, Exception), (
                    f"one of many acts at once raised {type(result).__name__}: the store may have ended it to resolve a"
                    " deadlock; lock entries always in the same order, or repeat the act"
                )
