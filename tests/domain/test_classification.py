"""The classification of a presented refresh token: the table in docs/refresh-tokens.md, row by row."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.identifiers import FIRST_PARTY
from app.domain.sessions import ratchet
from app.domain.sessions.ratchet import RefreshToken, Verdict
from app.domain.sessions.replaced import NOTHING_REPLACED, ReplacedSecret, ReplacedSecrets
from app.domain.sessions.session import Session, SessionPolicy
from app.testing.builders import ALICE, refresh_token, session_of
from app.testing.system import NOW
from app.testing.world import OTHER_CLIENT

SALT = b"\x5a" * 32
OLDER = refresh_token()
PREVIOUS = ratchet.successor(OLDER, salt=b"\xa5" * 32, generation=1)
CURRENT = ratchet.successor(PREVIOUS, salt=SALT, generation=2)
FABRICATED = replace(CURRENT, secret=b"\x77" * 32)
WRONG_LINEAGE = replace(CURRENT, lineage=bytes(16))
OLD_SALT = b"\xa5" * 32
REPLACED = (
    ReplacedSecret(ratchet.digest(OLDER.secret), OLD_SALT, NOW - 100),
    ReplacedSecret(ratchet.digest(PREVIOUS.secret), SALT, NOW),
)
SESSION = session_of(CURRENT, generation=2, rotated_at=NOW, replaced=ReplacedSecrets.of(*REPLACED))

FOREIGNER: dict[str, Any] = {"client_id": OTHER_CLIENT}
REVOKED: dict[str, Any] = {"revoked_at": NOW - 1}
EXPIRED: dict[str, Any] = {"expires_at": NOW + 0.999}
IDLE: dict[str, Any] = {"idle_expires_at": NOW + 0.999}
OUTDATED: dict[str, Any] = {"credential_version": ALICE.credential_version + 1}
GONE: dict[str, Any] = {"credential_version": None}


def classify(token: RefreshToken, session: Session | None, **circumstances: Any) -> Verdict:
    """Return the verdict on a token that its own client presents at ``NOW``, unless ``circumstances`` differ."""
    usual: dict[str, Any] = {
        "client_id": FIRST_PARTY,
        "credential_version": ALICE.credential_version,
        "now": NOW,
        "policy": SessionPolicy(replay_window=120),
    }
    return ratchet.classify(token, session, **(usual | circumstances))


def replaced_at(*times: float) -> ReplacedSecrets:
    """Return the last replaced secrets of ``SESSION``, replaced at these times."""
    return ReplacedSecrets.of(
        *(each._replace(replaced_at=at) for each, at in zip(REPLACED[-len(times) :], times, strict=True))
    )


@pytest.mark.parametrize("circumstances", [{}, FOREIGNER, OUTDATED, GONE])
def test_row_1_unknown(circumstances: dict[str, Any]) -> None:
    """A missing session or a wrong lineage is unknown, whatever else is wrong."""
    assert classify(CURRENT, None, **circumstances) is Verdict.UNKNOWN
    assert classify(WRONG_LINEAGE, SESSION, **circumstances) is Verdict.UNKNOWN
    assert classify(WRONG_LINEAGE, replace(SESSION, **REVOKED), **circumstances) is Verdict.UNKNOWN


@pytest.mark.parametrize("session", [{}, REVOKED, EXPIRED, IDLE], ids=["live", "revoked", "expired", "idle"])
@pytest.mark.parametrize("token", [CURRENT, PREVIOUS, OLDER, FABRICATED], ids=["current", "previous", "older", "made"])
def test_row_2_foreign_client(token: RefreshToken, session: dict[str, Any]) -> None:
    """The client is checked before everything else: a foreign client cannot end a session by reuse."""
    assert classify(token, replace(SESSION, **session), client_id=OTHER_CLIENT) is Verdict.FOREIGN_CLIENT


@pytest.mark.parametrize("token", [CURRENT, PREVIOUS, OLDER, FABRICATED], ids=["current", "previous", "older", "made"])
@pytest.mark.parametrize(
    ("session", "circumstances"),
    [
        pytest.param(REVOKED, {}, id="revoked"),
        pytest.param({"revoked_at": NOW + 1}, {}, id="revoked by a clock that is ahead"),
        pytest.param(EXPIRED, {}, id="in its last second"),
        pytest.param({"expires_at": NOW - 1}, {}, id="past its absolute expiry"),
        pytest.param(EXPIRED | {"idle_expires_at": NOW + 60}, {}, id="expired, not idle"),
        pytest.param(IDLE, {}, id="in the last second before its idle expiry"),
        pytest.param({"idle_expires_at": NOW - 1}, {}, id="past its idle expiry"),
        pytest.param({}, OUTDATED, id="of an older credential version"),
        pytest.param({}, GONE, id="its user may not sign in"),
    ],
)
def test_row_3_dead_session(token: RefreshToken, session: dict[str, Any], circumstances: dict[str, Any]) -> None:
    """A token of a dead session gets ``DEAD_SESSION``, never ``REUSE``."""
    assert classify(token, replace(SESSION, **session), **circumstances) is Verdict.DEAD_SESSION


@pytest.mark.parametrize(
    ("session", "circumstances"),
    [
        pytest.param({}, {}, id="just rotated"),
        pytest.param({"expires_at": NOW + 1}, {}, id="a second before its absolute expiry"),
        pytest.param({"idle_expires_at": NOW + 1}, {}, id="a second before its idle expiry"),
        pytest.param({"rotated_at": NOW - 100_000}, {}, id="long after its rotation"),
        pytest.param({}, {"policy": SessionPolicy(replay_window=0)}, id="no replay window"),
        pytest.param({"replaced": NOTHING_REPLACED, "rotated_at": NOW - 60}, {}, id="replaced secrets erased"),
    ],
)
def test_row_4_rotation(session: dict[str, Any], circumstances: dict[str, Any]) -> None:
    """The current token of a live session rotates at any time."""
    assert classify(CURRENT, replace(SESSION, **session), **circumstances) is Verdict.ROTATE


def test_row_4_first_rotation() -> None:
    """A session that was never rotated, and so has no salt, rotates."""
    assert classify(OLDER, session_of(OLDER)) is Verdict.ROTATE


def test_row_4_after_32_rotations_within_the_window() -> None:
    """The current token is answered as it is until the oldest of the rotations leaves the window."""
    rotations = [ReplacedSecret(bytes([number]) * 32, SALT, NOW - 119 + number) for number in range(1, 33)]
    full = replace(SESSION, replaced=ReplacedSecrets.of(*rotations))
    assert classify(CURRENT, full) is Verdict.REPLAY
    assert ratchet.current_token(CURRENT, full) == CURRENT
    assert classify(CURRENT, full, now=NOW + 2) is Verdict.ROTATE


def test_rotations_of_a_clock_that_is_far_ahead_do_not_fill_the_window() -> None:
    """Otherwise the session could not rotate until that time is reached."""
    rotations = [ReplacedSecret(bytes([number]) * 32, SALT, NOW + 86_400) for number in range(1, 33)]
    assert classify(CURRENT, replace(SESSION, replaced=ReplacedSecrets.of(*rotations))) is Verdict.ROTATE


@pytest.mark.parametrize("age", [0, 119.999, -1, -100_000], ids=["now", "almost the window", "ahead", "far ahead"])
@pytest.mark.parametrize("token", [PREVIOUS, OLDER], ids=["previous", "older"])
def test_row_5_replay(token: RefreshToken, age: float) -> None:
    """A token that was replaced strictly within the window leads to the current one, whatever its generation."""
    session = replace(SESSION, rotated_at=NOW - age, replaced=replaced_at(NOW - age, NOW - age))
    assert classify(token, session) is Verdict.REPLAY
    assert ratchet.current_token(token, session) == CURRENT


@pytest.mark.parametrize(
    ("token", "session"),
    [
        pytest.param(PREVIOUS, {"replaced": replaced_at(NOW - 120), "rotated_at": NOW - 120}, id="at the window's end"),
        pytest.param(OLDER, {"replaced": replaced_at(NOW - 120, NOW)}, id="older one at the window's end"),
        pytest.param(OLDER, {"replaced": replaced_at(NOW)}, id="older one, not kept"),
        pytest.param(PREVIOUS, {"replaced": NOTHING_REPLACED, "rotated_at": NOW - 120}, id="replaced secrets erased"),
        pytest.param(FABRICATED, {}, id="fabricated from a stale token"),
        pytest.param(FABRICATED, {"replaced": NOTHING_REPLACED, "generation": 0}, id="fabricated, never rotated"),
    ],
)
def test_row_6_reuse(token: RefreshToken, session: dict[str, Any]) -> None:
    """Every other secret of the right lineage is reuse."""
    assert classify(token, replace(SESSION, **session)) is Verdict.REUSE


@pytest.mark.parametrize("token", [PREVIOUS, OLDER, FABRICATED])
def test_without_a_window_everything_but_the_current_token_is_reuse(token: RefreshToken) -> None:
    """A window of 0 forgives nothing, also if secrets were kept before the setting was changed."""
    session = replace(SESSION, rotated_at=NOW + 5)
    assert classify(token, session, policy=SessionPolicy(replay_window=0)) is Verdict.REUSE


@pytest.mark.parametrize(
    ("token", "session"),
    [
        pytest.param(PREVIOUS, {"generation": 3}, id="other generation"),
        pytest.param(OLDER, {"replaced": ReplacedSecrets.of(REPLACED[0])}, id="the last rotation is missing"),
        pytest.param(FABRICATED, {"replaced": ReplacedSecrets.of(REPLACED[0])}, id="unknown secret, one is missing"),
        pytest.param(PREVIOUS, {"replaced": NOTHING_REPLACED}, id="nothing kept of a rotation within the window"),
    ],
)
def test_a_token_that_cannot_be_traced_is_never_reuse(token: RefreshToken, session: dict[str, Any]) -> None:
    """If a rotation within the window is missing, or the salts lead elsewhere, nothing is revoked."""
    assert classify(token, replace(SESSION, **session)) is Verdict.UNTRACED


class TestRotationsOfThePreviousVersion:
    """It stores only the salt of the last rotation."""

    SESSION = replace(SESSION, replaced=ReplacedSecrets.stored(b"", last_salt=SALT, rotated_at=NOW))

    def test_its_salt_is_the_last_one(self) -> None:
        """The direct predecessor leads to the current token within the window."""
        assert classify(PREVIOUS, self.SESSION) is Verdict.REPLAY
        assert ratchet.current_token(PREVIOUS, self.SESSION) == CURRENT

    @pytest.mark.parametrize("token", [OLDER, FABRICATED], ids=["older", "fabricated"])
    def test_an_older_token_is_refused_within_the_window(self, token: RefreshToken) -> None:
        """It is unknown whether that token was replaced within the window."""
        assert classify(token, self.SESSION) is Verdict.UNTRACED

    @pytest.mark.parametrize("token", [PREVIOUS, OLDER, FABRICATED], ids=["previous", "older", "fabricated"])
    def test_after_the_window_it_is_reuse(self, token: RefreshToken) -> None:
        """Nothing that was replaced within the window is missing any more."""
        assert classify(token, self.SESSION, now=NOW + 120) is Verdict.REUSE

    def test_its_salt_follows_the_kept_ones(self) -> None:
        """A token that this version replaced leads through the salt of the previous version."""
        packed = ReplacedSecrets.of(REPLACED[0]).packed
        session = replace(SESSION, replaced=ReplacedSecrets.stored(packed, last_salt=SALT, rotated_at=NOW))
        assert classify(OLDER, session) is Verdict.REPLAY
        assert ratchet.current_token(OLDER, session) == CURRENT

    def test_the_salt_of_this_version_is_not_read_twice(self) -> None:
        """This version stores the last salt too, for instances of the previous version."""
        packed = SESSION.replaced.packed
        assert ReplacedSecrets.stored(packed, last_salt=SALT, rotated_at=NOW) == SESSION.replaced


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=32, unique=True))
def test_every_token_of_a_chain_within_the_window_leads_to_the_current_one(salts: list[bytes]) -> None:
    """After up to 32 rotations within the window the last token is current and all others are replays."""
    chain, replaced = [OLDER], []
    for generation, salt in enumerate(salts, start=1):
        replaced.append(ReplacedSecret(ratchet.digest(chain[-1].secret), salt, NOW))
        chain.append(ratchet.successor(chain[-1], salt=salt, generation=generation))
    session = session_of(chain[-1], generation=len(salts), rotated_at=NOW, replaced=ReplacedSecrets.of(*replaced))
    assert {classify(token, session) for token in chain[:-1]} == {Verdict.REPLAY}
    assert {ratchet.current_token(token, session) for token in chain} == {chain[-1]}
