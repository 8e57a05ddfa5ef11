"""The changes of a session: the rules that every store uses or repeats."""

from dataclasses import replace

import pytest

from app.domain.sessions.replaced import NOTHING_REPLACED, ReplacedSecret, ReplacedSecrets
from app.domain.sessions.session import RevocationReason, Session
from app.testing.builders import refresh_token, session_of
from app.testing.system import NOW

REPLACED = ReplacedSecrets.of(ReplacedSecret(b"d" * 32, b"s" * 32, NOW))
SESSION = session_of(refresh_token(), created_at=NOW, rotated_at=NOW, expires_at=NOW + 60, replaced=REPLACED)
NEW_DIGEST = b"n" * 32


def advanced(session: Session, *, now: float = NOW + 5, expected_digest: bytes | None = None) -> Session | None:
    """Return ``session`` after a rotation that keeps no replaced secret."""
    return session.advanced(
        expected_digest=expected_digest or session.secret_digest,
        new_digest=NEW_DIGEST,
        replaced=NOTHING_REPLACED,
        now=now,
        idle_expires_at=NOW + 30,
    )


def test_a_rotation_changes_five_fields() -> None:
    """Digest, generation, time, replaced secrets and idle expiry change, and nothing else."""
    assert advanced(SESSION) == replace(
        SESSION,
        secret_digest=NEW_DIGEST,
        generation=SESSION.generation + 1,
        rotated_at=NOW + 5,
        replaced=NOTHING_REPLACED,
        idle_expires_at=NOW + 30,
    )


def test_a_rotation_is_refused_with_another_digest() -> None:
    """Only the digest of the current secret is accepted."""
    assert advanced(SESSION, expected_digest=b"x" * 32) is None


@pytest.mark.parametrize(("now", "is_live"), [(NOW + 59, True), (NOW + 59.5, False), (NOW + 60, False)])
def test_a_change_is_refused_in_the_last_second(now: float, *, is_live: bool) -> None:
    """A rotation and a new credential version need one second that is left."""
    changed = SESSION.with_credential_version(expected_version=1, credential_version=2, now=now)
    assert (advanced(SESSION, now=now) is not None, changed is not None) == (is_live, is_live)


def test_a_revocation_erases_the_replaced_secrets() -> None:
    """Time and reason are set, and nothing else changes."""
    revoked = SESSION.revoked(reason=RevocationReason.REUSE, now=NOW + 5)
    assert revoked == replace(
        SESSION, revoked_at=NOW + 5, revoked_because=RevocationReason.REUSE, replaced=NOTHING_REPLACED
    )


def test_a_revoked_session_does_not_change() -> None:
    """It is not revoked again, does not rotate, and keeps its version, time and reason, also after a cut-off."""
    revoked = SESSION.revoked(reason=RevocationReason.REUSE, now=NOW + 5)
    assert revoked is not None
    assert revoked.revoked(reason=RevocationReason.LOGOUT, now=NOW + 6) is None
    assert advanced(revoked) is None
    assert revoked.with_credential_version(expected_version=1, credential_version=2, now=NOW) is None
    assert revoked.ended_by(int(NOW) + 9) == revoked


def test_a_credential_version_changes_alone() -> None:
    """The version is set if it is the expected one."""
    changed = SESSION.with_credential_version(expected_version=1, credential_version=4, now=NOW)
    assert changed == replace(SESSION, credential_version=4)
    assert SESSION.with_credential_version(expected_version=2, credential_version=4, now=NOW) is None


@pytest.mark.parametrize(
    ("created_at", "ends"),
    [(99.0, True), (100.0, True), (100.99, True), (101.0, False), (150.0, False)],
)
def test_a_cut_off_ends_what_began_by_the_end_of_its_second(created_at: float, *, ends: bool) -> None:
    """Such a session is revoked at the cut-off, because of a compromised key. Others stay as they are."""
    session = replace(SESSION, created_at=created_at)
    revoked = session.revoked(reason=RevocationReason.KEY_COMPROMISED, now=100.0)
    assert session.began_by(100) is ends
    assert session.ended_by(100) == (revoked if ends else session)


def test_without_a_cut_off_no_session_ends() -> None:
    """``None`` is no cut-off."""
    assert not SESSION.began_by(None)
    assert SESSION.ended_by(None) == SESSION
