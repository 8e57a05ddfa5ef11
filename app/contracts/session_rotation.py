"""The behaviour of a session repository: ``advance``, the compare-and-swap of a rotation."""

import pytest

from ..domain.sessions.replaced import MAX_REPLACED, NOTHING_REPLACED, ReplacedSecret, ReplacedSecrets
from ..domain.sessions.session import LAST_SECOND
from ..ports.session_repository import SessionRepository
from .kit import RepositoryContract
from .sentences import USE_THE_RULES
from .sessions import (
    IDLE_LIFETIME,
    LATER,
    LIFETIME,
    NOW,
    TICK,
    advance,
    assert_same,
    digest,
    new_session,
    revoke,
    rotated,
)


def _replaced(*times: float) -> ReplacedSecrets:
    """Return secrets that were replaced at these times."""
    return ReplacedSecrets.of(*(ReplacedSecret(digest("secret", at), digest("salt", at), at) for at in times))


REPLACED = {
    "none": NOTHING_REPLACED,
    "one": _replaced(LATER),
    "several at one time": _replaced(LATER, LATER, LATER),
    "as many as are kept": _replaced(*(LATER - age for age in reversed(range(MAX_REPLACED)))),
    "with times of all bits": _replaced(LATER - 2 / 3, LATER - 1 / 3, LATER),
    "with an unknown digest": ReplacedSecrets.of(
        ReplacedSecret(None, digest("salt"), LATER), ReplacedSecret(digest("secret"), digest("salt"), LATER)
    ),
    "with zero bytes": ReplacedSecrets.of(ReplacedSecret(digest("secret"), bytes(32), LATER)),
    "with high bytes": ReplacedSecrets.of(ReplacedSecret(b"\xff" * 32, bytes(range(224, 256)), LATER)),
    "with line ends": ReplacedSecrets.of(ReplacedSecret(b"\r\n" * 16, b"\0\n" * 16, LATER)),
}


class SessionRotation(RepositoryContract[SessionRepository]):
    """``advance`` makes the change of ``Session.advanced``, or refuses."""

    @pytest.mark.parametrize("idle_expires_at", [None, NOW + 500], ids=["idle expiry removed", "idle expiry moved"])
    async def test_advance_changes_only_its_fields(
        self, repository: SessionRepository, idle_expires_at: float | None
    ) -> None:
        """Digest, generation, replaced secrets, time and idle expiry change. All else stays, other sessions, too."""
        session, other = new_session(1), new_session(2)
        await repository.add(session)
        await repository.add(other)
        made = await advance(repository, session, idle_expires_at=idle_expires_at)
        assert made is True, "advance refused the current digest of a live session"
        assert_same(await repository.find(session.session_id), rotated(session, idle_expires_at=idle_expires_at))
        assert_same(await repository.find(other.session_id), other)

    @pytest.mark.parametrize("replaced", REPLACED.values(), ids=REPLACED)
    async def test_replaced_secrets_are_stored_bit_for_bit(
        self, repository: SessionRepository, replaced: ReplacedSecrets
    ) -> None:
        """``find`` returns exactly the replaced secrets that the last ``advance`` was given."""
        session = new_session()
        await repository.add(session)
        assert await advance(repository, session, replaced=replaced), "advance refused a live session"
        assert_same(await repository.find(session.session_id), rotated(session, replaced=replaced))

    @pytest.mark.parametrize("replaced", [NOTHING_REPLACED, _replaced(LATER + 1)], ids=["none", "one"])
    async def test_advance_leaves_no_older_replaced_secret(
        self, repository: SessionRepository, replaced: ReplacedSecrets
    ) -> None:
        """The given secrets take the place of the stored ones, also if they are fewer."""
        session = new_session()
        await repository.add(session)
        for secrets, now in ((_replaced(LATER - 1, LATER), LATER), (replaced, LATER + 1)):
            assert await advance(repository, session, replaced=secrets, now=now), "advance refused a live session"
            session = rotated(session, replaced=secrets, now=now)
        assert_same(await repository.find(session.session_id), session)

    async def test_advance_can_be_repeated(self, repository: SessionRepository) -> None:
        """Each swap expects the digest of the one before. The last 32 replaced secrets are kept."""
        session = new_session()
        await repository.add(session)
        for step in range(1, MAX_REPLACED + 3):
            made = await advance(repository, session, now=NOW + step)
            assert made, f"advance refused rotation {step}, which expects the digest of the one before"
            session = rotated(session, now=NOW + step)
            assert_same(await repository.find(session.session_id), session)

    async def test_advance_stores_times_with_all_their_bits(self, repository: SessionRepository) -> None:
        """The time of the rotation is not rounded: it is compared with the time of the last replaced secret."""
        session, now = new_session(), LATER + 1 / 3
        await repository.add(session)
        assert await advance(repository, session, now=now), "advance refused a live session"
        assert_same(await repository.find(session.session_id), rotated(session, now=now))

    @pytest.mark.parametrize("expected", ["wrong", "outdated", "lineage"])
    async def test_advance_needs_the_current_digest(self, repository: SessionRepository, expected: str) -> None:
        """Every other digest is refused, also the digest of the previous token."""
        session = new_session()
        await repository.add(session)
        await advance(repository, session)
        digests = {"wrong": bytes(32), "outdated": session.secret_digest, "lineage": session.lineage_digest}
        made = await advance(repository, rotated(session), expected_digest=digests[expected])
        assert made is False, f"advance accepted the {expected} digest{USE_THE_RULES}"
        assert_same(await repository.find(session.session_id), rotated(session))

    async def test_advance_refuses_an_unknown_session(self, repository: SessionRepository) -> None:
        """An unknown session is refused and not created."""
        assert await advance(repository, new_session()) is False, "advance accepted an unknown session"
        assert await repository.find(new_session().session_id) is None, "advance created an unknown session"

    @pytest.mark.parametrize(
        ("idle_expires_at", "end"),
        [(None, NOW + LIFETIME), (NOW + 2 * LIFETIME, NOW + LIFETIME), (NOW + IDLE_LIFETIME, NOW + IDLE_LIFETIME)],
        ids=["absolute", "absolute before idle", "idle before absolute"],
    )
    async def test_advance_refuses_a_session_in_its_last_second(
        self, repository: SessionRepository, idle_expires_at: float | None, end: float
    ) -> None:
        """``advance`` is refused when less than a second is left until the earlier expiry."""
        session = new_session(idle_expires_at=idle_expires_at)
        await repository.add(session)
        for now in (end + 1, end, end - LAST_SECOND + TICK):
            made = await advance(repository, session, now=now)
            assert made is False, f"advance accepted a session with {end - now} seconds left{USE_THE_RULES}"
        made = await advance(repository, session, now=end - LAST_SECOND)
        assert made is True, "advance refused a session with one second left"

    async def test_advance_moves_the_idle_expiry(self, repository: SessionRepository) -> None:
        """A rotated session lives past its first idle expiry, but not past its second."""
        session = new_session()
        await repository.add(session)
        await advance(repository, session)
        session = rotated(session)
        made = await advance(repository, session, now=LATER + IDLE_LIFETIME)
        assert made is False, f"advance accepted a session at its new idle expiry{USE_THE_RULES}"
        made = await advance(repository, session, now=NOW + IDLE_LIFETIME)
        assert made is True, "advance refused a rotated session at its first idle expiry"

    async def test_advance_refuses_a_revoked_session(self, repository: SessionRepository) -> None:
        """``advance`` of a revoked session is refused, even with a time before the revocation."""
        session = new_session()
        await repository.add(session)
        await revoke(repository, session)
        for now in (LATER + 1, LATER - 1):
            assert await advance(repository, session, now=now) is False, (
                f"advance accepted a revoked session{USE_THE_RULES}"
            )
