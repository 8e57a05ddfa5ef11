"""Sessions packed into bytes."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.adapters.memory.packed_sessions import ends_at, pack, revoked_at, rotated_at, unpack, without_replaced
from app.domain.identifiers import FIRST_PARTY, ClientId, SessionId, Subject
from app.domain.scope import Scope
from app.domain.sessions.replaced import NOTHING_REPLACED, ReplacedSecret, ReplacedSecrets
from app.domain.sessions.session import RevocationReason, Session

TEXTS = st.text(st.characters(), max_size=80)
"""All characters, and halves of surrogate pairs."""

DIGESTS = st.binary(min_size=32, max_size=32)
TIMES = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**32 - 1)
REPLACED = st.lists(st.builds(ReplacedSecret, DIGESTS, DIGESTS, TIMES), max_size=3)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Draw a session with any facts."""
    reason = draw(st.none() | st.sampled_from(RevocationReason))
    return Session(
        session_id=SessionId(draw(st.binary(min_size=16, max_size=16))),
        subject=Subject(draw(TEXTS)),
        client_id=ClientId(draw(st.just(FIRST_PARTY) | st.text(min_size=1))),
        scope=Scope(draw(st.frozensets(st.sampled_from(["account", "orders:read", "é"])))),
        credential_version=draw(COUNTS),
        created_at=draw(TIMES),
        expires_at=draw(TIMES),
        idle_expires_at=draw(st.none() | TIMES),
        lineage_digest=draw(DIGESTS),
        secret_digest=draw(DIGESTS),
        generation=draw(COUNTS),
        rotated_at=draw(TIMES),
        replaced=ReplacedSecrets.of(*draw(REPLACED)),
        address=draw(TEXTS),
        device=draw(TEXTS),
        revoked_at=None if reason is None else draw(TIMES),
        revoked_because=reason,
    )


@given(sessions())
def test_a_packed_session_is_the_same_when_it_is_unpacked(session: Session) -> None:
    """Every field of a session is the same after it was packed and unpacked, whatever characters and bytes it has."""
    assert unpack(session.session_id, pack(session)) == session


@given(sessions())
def test_a_record_says_when_its_session_ends(session: Session) -> None:
    """The times that sweeps read from a record are those of its session."""
    record = pack(session)
    times = (ends_at(record), revoked_at(record), rotated_at(record))
    assert times == (session.ends_at(), session.revoked_at, session.rotated_at)


@given(sessions())
def test_replaced_secrets_are_cut_off_a_record(session: Session) -> None:
    """A record of a live session that loses its replaced secrets has everything else."""
    live = replace(session, revoked_at=None, revoked_because=None)
    assert without_replaced(pack(live)) == pack(replace(live, replaced=NOTHING_REPLACED))
