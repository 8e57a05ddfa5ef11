"""The concurrency of a session repository: acts on one session that race on several connections."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from ..domain.errors import AlreadyExists
from ..domain.sessions.replaced import MAX_REPLACED, NOTHING_REPLACED, ReplacedSecret, ReplacedSecrets
from ..domain.sessions.session import RevocationReason, Session
from ..ports.session_repository import SessionRepository
from .kit import CONNECTIONS, RACERS, Counts, RepositoryContract
from .sentences import USE_THE_RULES
from .sessions import LATER, NOW, advance, assert_same, chain_of, digest, new_session, revoke, revoked, rotated, stored


class SessionConcurrency(RepositoryContract[SessionRepository]):
    """Racing acts have the same effect as the acts one after another, in some order."""

    @pytest.mark.proof("stores")
    async def test_one_of_many_advances_wins(self, proof: Counts) -> None:
        """Exactly one racer wins, and the session has the values of that racer, its replaced secrets, too."""
        racers = await self.racers()
        for number in range(proof.count("races to advance", small=10, full=500)):
            session = new_session(number)
            await racers[0].add(session)
            swaps: list[dict[str, Any]] = [
                {"new_digest": digest(number, racer), "replaced": _replaced(session, racer)} for racer in range(RACERS)
            ]
            won = await asyncio.gather(
                *(advance(connection, session, **swap) for connection, swap in zip(racers, swaps, strict=True))
            )
            assert sum(won) == 1, (
                f"{sum(won)} swaps of one digest won, not one: `advance` is not a compare-and-swap{USE_THE_RULES}"
            )
            assert_same(await racers[-1].find(session.session_id), rotated(session, **swaps[won.index(True)]))

    @pytest.mark.proof("stores")
    async def test_revoke_that_races_with_advances_is_final(self, proof: Counts) -> None:
        """The session ends up revoked, counts the swap that won, and does not advance again."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races to revoke", small=16, full=500)):
            session = new_session(number)
            await connections[0].add(session)
            racers: list[Coroutine[object, object, bool]] = [advance(connection, session) for connection in connections]
            racers.insert(number % (CONNECTIONS + 1), revoke(connections[number % CONNECTIONS], session))
            won = sum(await asyncio.gather(*racers)) - 1
            assert won in (0, 1), f"{won} racing calls of advance returned True, or revoke returned False"
            found = await stored(connections[-1], session)
            assert_same(found, revoked(rotated(session) if won else session))
            for connection in connections:
                assert await advance(connection, found) is False, "a session advanced after revoke had returned"

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
            assert sum(made[::2]) == 1, "not exactly one of the racing calls of set_credential_version returned True"
            assert sum(made[1::2]) == 1, "not exactly one of the racing calls of advance returned True"
            both = rotated(new_session(number, credential_version=4))
            assert_same(await connections[-1].find(session.session_id), both)

    @pytest.mark.proof("stores")
    async def test_one_of_many_revokes_wins(self, proof: Counts) -> None:
        """Exactly one racer wins, and its time is stored."""
        racers = await self.racers()
        for number in range(proof.count("races of revocations", small=10, full=200)):
            session = new_session(number)
            await racers[0].add(session)
            won = await asyncio.gather(
                *(
                    revoke(connection, session, reason=RevocationReason.REUSE, now=LATER + racer)
                    for racer, connection in enumerate(racers)
                )
            )
            assert sum(won) == 1, f"{sum(won)} racing calls of `revoke` returned True, not one: it is not atomic"
            at = LATER + won.index(True)
            assert_same(
                await racers[-1].find(session.session_id), revoked(session, reason=RevocationReason.REUSE, now=at)
            )

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
            assert results.count(None) == 1, "not exactly one of the racing calls of add succeeded"
            refused = sum(isinstance(result, AlreadyExists) for result in results)
            assert refused == RACERS - 1, "a call of add that lost the race raised something else than AlreadyExists"
            assert_same(await racers[-1].find(rivals[0].session_id), rivals[results.index(None)])

    @pytest.mark.proof("stores")
    async def test_racing_rotations_form_one_chain(self, proof: Counts) -> None:
        """When many tasks rotate many sessions, each swap that wins follows the swap before it, and the last 32
        replaced secrets are kept.
        """
        connections = await self.connections(CONNECTIONS)
        opened = [new_session(number) for number in range(proof.count("sessions", small=5, full=50))]
        steps = proof.count("rotations that each task tries", small=20, full=200)
        won: dict[bytes, dict[bytes, bytes]] = {session.session_id: {} for session in opened}

        async def rotate(connection: SessionRepository, begun: Session, task: int) -> None:
            swaps = won[begun.session_id]
            for step in range(steps):
                session = await stored(connection, begun)
                new = digest(begun.session_id, task, step)
                await asyncio.sleep(0)
                if await advance(connection, session, new_digest=new, now=NOW + 1):
                    assert session.secret_digest not in swaps, "two calls of advance replaced one digest"
                    swaps[session.secret_digest] = new

        for session in opened:
            await connections[0].add(session)
        await asyncio.gather(
            *(rotate(connections[task % CONNECTIONS], session, task) for session in opened for task in range(4))
        )
        for session in opened:
            found = await stored(connections[-1], session)
            chain = list(chain_of(won[session.session_id], first=session.secret_digest))
            assert found.generation == len(chain) - 1 >= steps, "the generation is not the number of swaps that won"
            assert found.secret_digest == chain[-1], "the current digest is not the one of the last swap"
            kept = [each.digest for each in found.replaced]
            assert kept == chain[-1 - MAX_REPLACED : -1], "a replaced secret is missing from the last 32"


def _replaced(session: Session, racer: int) -> ReplacedSecrets:
    """Return the replaced secrets of a racer. Some racers keep none."""
    if racer % 4 == 3:
        return NOTHING_REPLACED
    return ReplacedSecrets.of(ReplacedSecret(session.secret_digest, digest(racer), LATER))
