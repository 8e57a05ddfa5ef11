"""The contract of a session sweeper (``app.ports.session_sweeper``): its concurrency, and all tiers together."""

import asyncio
from collections.abc import Coroutine
from itertools import cycle, islice

import pytest

from ..domain.sessions.session import RevocationReason
from .kit import CONNECTIONS, RACERS, Counts, RepositoryContract
from .session_deletion import SessionDeletion
from .session_erasure import CutOffRevocation, SecretErasure, sweep_cut_off
from .sessions import (
    ALL,
    IDLE_LIFETIME,
    NEVER,
    NOW,
    SweptSessions,
    advance,
    assert_same,
    began_at,
    new_session,
    rotated,
    sweep,
)


class SweeperConcurrency(RepositoryContract[SweptSessions]):
    """Several instances sweep at the same time, while sessions rotate."""

    @pytest.mark.proof("stores")
    async def test_erase_replaced_that_races_with_advance_keeps_the_new_secrets(self, proof: Counts) -> None:
        """A sweep that races with a rotation erases what was there before, or nothing. What ``advance`` wrote stays."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races to erase", small=10, full=200)):
            session = new_session(number)
            await connections[0].add(session)
            await advance(connections[0], session, now=NOW + 1)
            session = rotated(session, now=NOW + 1)
            sweeps = [connection.erase_replaced(rotated_before=NOW + 2, limit=100) for connection in connections[1:]]
            won, *erased = await asyncio.gather(advance(connections[0], session, now=NOW + 3), *sweeps)
            assert won is True, "advance was refused because of a sweep"
            assert sum(erased) <= 1, "racing sweeps counted one session more than once"
            assert_same(await connections[-1].find(session.session_id), rotated(session, now=NOW + 3))

    @pytest.mark.proof("stores")
    async def test_racing_sweeps_delete_each_session_once(self, proof: Counts) -> None:
        """Racing sweeps together count each ended session once, and delete no live session."""
        connections = await self.connections(CONNECTIONS)
        for round_ in range(proof.count("races to delete", small=5, full=50)):
            opened = [new_session(20 * round_ + each, expires_at=NOW + 20 + 50 * (each % 2)) for each in range(20)]
            for session in opened:
                await connections[0].add(session)
            deleted = await asyncio.gather(
                *(sweep(connection, expired_before=NOW + 30) for connection in islice(cycle(connections), RACERS))
            )
            assert sum(deleted) == 10, "racing sweeps did not count each ended session exactly once"
            left = [each for each, session in enumerate(opened) if await connections[-1].find(session.session_id)]
            assert left == list(range(1, 20, 2)), "a live session was deleted, or an ended one is left"

    @pytest.mark.proof("stores")
    async def test_racing_sweeps_revoke_each_session_once(self, proof: Counts) -> None:
        """Racing calls of ``revoke_cut_off`` together count each session once, while later sessions advance."""
        connections = await self.connections(CONNECTIONS)
        for round_ in range(proof.count("races to revoke what a cut-off ended", small=8, full=100)):
            cut_off = int(NOW) + 2 * round_
            opened = [began_at(10 * round_ + each, float(cut_off)) for each in range(5)]
            later = began_at(10 * round_ + 5, cut_off + 1.0)
            for session in (*opened, later):
                await connections[0].add(session)
            await connections[0].set_cut_off(cut_off)
            sweeps = [connection.revoke_cut_off(limit=ALL) for connection in connections]
            won, *counted = await asyncio.gather(advance(connections[-1], later, now=cut_off + 1.5), *sweeps)
            assert won is True, "advance was refused because of a sweep"
            ended = len(opened) + (1 if round_ else 0)  # and the later session of the round before
            assert sum(counted) + await sweep_cut_off(connections[0]) == ended, "not each session was counted once"
            assert_same(await connections[0].find(later.session_id), rotated(later, now=cut_off + 1.5))

    @pytest.mark.proof("stores")
    async def test_delete_that_races_with_advance_keeps_the_session(self, proof: Counts) -> None:
        """A session that advances while it is found by its old idle expiry stays, or is gone and did not advance."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races of rotations with sweeps", small=16, full=300)):
            session = new_session(number)
            await connections[0].add(session)
            racers: list[Coroutine[object, object, object]] = [
                each.delete_ended(expired_before=NOW + IDLE_LIFETIME + 1, revoked_before=NEVER, limit=ALL)
                for each in connections[1:]
            ]
            racers.insert(number % CONNECTIONS, advance(connections[0], session))
            won = (await asyncio.gather(*racers))[number % CONNECTIONS]
            found = await connections[-1].find(session.session_id)
            assert found == (rotated(session) if won else None), (
                "delete_ended deleted a session that had advanced: it trusts an index that is outdated"
                if won
                else "advance was refused, although the session was not deleted"
            )
            await connections[0].revoke(session.session_id, reason=RevocationReason.LOGOUT, now=NOW)
            await sweep(connections[0], revoked_before=NOW + 1)


class SessionSweeperContract(SecretErasure, CutOffRevocation, SessionDeletion, SweeperConcurrency):
    """All tiers. Only races can show that a sweep is atomic."""
