"""The concurrency of a session repository: acts that race on several connections."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from ..domain.errors import AlreadyExists
from ..domain.sessions.session import RevocationReason
from ..ports.session_repository import SessionRepository
from .kit import CONNECTIONS, RACERS, Counts, RepositoryContract
from .sessions import LATER, NOW, advance, assert_same, digest, new_session, rotated


class SessionConcurrency(RepositoryContract[SessionRepository]):
    """Racing acts have the same effect as the acts one after another, in some order."""

    @pytest.mark.proof("stores")
    async def test_one_of_many_advances_wins(self, proof: Counts) -> None:
        """Exactly one racer wins, and the session has the values of that racer."""
        racers = await self.racers()
        for number in range(proof.count("races to advance", small=10, full=500)):
            session = new_session(number)
            await racers[0].add(session)
            swaps: list[dict[str, Any]] = [
                {"new_digest": digest(number, racer), "salt": digest(racer)} for racer in range(RACERS)
            ]
            won = await asyncio.gather(
                *(advance(connection, session, **swap) for connection, swap in zip(racers, swaps, strict=True))
            )
            assert sum(won) == 1
            assert_same(await racers[-1].find(session.session_id), rotated(session, **swaps[won.index(True)]))

    @pytest.mark.proof("stores")
    async def test_revoke_that_races_with_advances_is_final(self, proof: Counts) -> None:
        """The session ends up revoked, counts the swap that won, and does not advance again."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races to revoke", small=16, full=500)):
            session = new_session(number)
            await connections[0].add(session)
            racers: list[Coroutine[object, object, bool]] = [advance(connection, session) for connection in connections]
            revoke = connections[number % CONNECTIONS].revoke(
                session.session_id, reason=RevocationReason.LOGOUT, now=LATER
            )
            racers.insert(number % (CONNECTIONS + 1), revoke)
            won = sum(await asyncio.gather(*racers)) - 1
            assert won in (0, 1)
            found = await connections[-1].find(session.session_id)
            left = rotated(session) if won else session
            revoked = replace(left, revoked_at=LATER, revoked_because=RevocationReason.LOGOUT, salt=None)
            assert found is not None
            assert replace(found, salt=None) == revoked
            assert not any([await advance(connection, found) for connection in connections])

    @pytest.mark.proof("stores")
    async def test_set_credential_version_that_races_with_advances_loses_nothing(self, proof: Counts) -> None:
        """One change of the version and one swap win, and the session shows both."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races to set a credential version", small=16, full=200)):
            session = new_session(number)
            await connections[0].add(session)
            changes = [
                connection.set_credential_version(
                    session.session_id, expected_version=3, credential_version=4, now=LATER
                )
                for connection in connections
            ]
            swaps = [advance(connection, session) for connection in connections]
            made = await asyncio.gather(*(each for pair in zip(changes, swaps, strict=True) for each in pair))
            assert (sum(made[::2]), sum(made[1::2])) == (1, 1)
            assert_same(await connections[-1].find(session.session_id), replace(rotated(session), credential_version=4))

    @pytest.mark.proof("stores")
    async def test_one_of_many_revokes_wins(self, proof: Counts) -> None:
        """Exactly one racer wins, and its time is stored."""
        racers = await self.racers()
        for number in range(proof.count("races of revocations", small=10, full=200)):
            session = new_session(number)
            await racers[0].add(session)
            won = await asyncio.gather(
                *(
                    connection.revoke(session.session_id, reason=RevocationReason.REUSE, now=LATER + racer)
                    for racer, connection in enumerate(racers)
                )
            )
            assert sum(won) == 1
            found = await racers[-1].find(session.session_id)
            assert found is not None
            assert found.revoked_at == LATER + won.index(True)

    @pytest.mark.proof("stores")
    async def test_one_of_many_adds_wins(self, proof: Counts) -> None:
        """All racers but one are refused, and the session of the winner is stored with every field."""
        racers = await self.racers()
        for number in range(proof.count("races to add", small=10, full=200)):
            rivals = [new_session(number, device=f"racer {racer}") for racer in range(RACERS)]
            results = await asyncio.gather(
                *(connection.add(rival) for connection, rival in zip(racers, rivals, strict=True)),
                return_exceptions=True,
            )
            assert results.count(None) == 1
            assert sum(isinstance(result, AlreadyExists) for result in results) == RACERS - 1
            assert_same(await racers[-1].find(rivals[0].session_id), rivals[results.index(None)])

    @pytest.mark.proof("stores")
    async def test_racing_rotations_form_one_chain(self, proof: Counts) -> None:
        """When many tasks rotate many sessions, each swap that wins follows the swap before it."""
        connections = await self.connections(CONNECTIONS)
        opened = [new_session(number) for number in range(proof.count("sessions", small=5, full=50))]
        steps = proof.count("rotations that each task tries", small=20, full=200)
        won: dict[bytes, dict[bytes, bytes]] = {session.session_id: {} for session in opened}

        async def rotate(connection: SessionRepository, session_id: bytes, task: int) -> None:
            for step in range(steps):
                session = await connection.find(new_session(int.from_bytes(session_id, "big")).session_id)
                assert session is not None
                new = digest(session_id, task, step)
                await asyncio.sleep(0)
                if await advance(connection, session, new_digest=new, now=NOW + 1):
                    assert session.secret_digest not in won[session_id], "two swaps replaced one digest"
                    won[session_id][session.secret_digest] = new

        for session in opened:
            await connections[0].add(session)
        await asyncio.gather(
            *(
                rotate(connections[task % CONNECTIONS], session.session_id, task)
                for session in opened
                for task in range(4)
            )
        )
        for session in opened:
            found = await connections[-1].find(session.session_id)
            assert found is not None
            chain, secret_digest = won[session.session_id], session.secret_digest
            assert found.generation == len(chain) >= steps
            for _ in range(len(chain)):
                secret_digest = chain[secret_digest]
            assert found.secret_digest == secret_digest
