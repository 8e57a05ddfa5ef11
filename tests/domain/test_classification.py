"""The classification of a presented refresh token: the table in docs/refresh-tokens.md, row by row."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.identifiers import FIRST_PARTY
from app.domain.sessions import ratchet
from app.domain.sessions.ratchet import RefreshToken, Verdict
from app.domain.sessions.session import Session
from app.testing.builders import ALICE, refresh_token, session_of
from app.testing.system import NOW
from app.testing.world import OTHER_CLIENT

SALT = b"\x5a" * 32
OLDER = refresh_token()
PREVIOUS = ratchet.successor(OLDER, salt=b"\xa5" * 32, generation=1)
CURRENT = ratchet.successor(PREVIOUS, salt=SALT, generation=2)
FABRICATED = replace(CURRENT, secret=bytes(32))
WRONG_LINEAGE = replace(CURRENT, lineage=bytes(16))
SESSION = session_of(CURRENT, generation=2, salt=SALT)

FOREIGNER: dict[str, Any] = {"client_id": OTHER_CLIENT}
REVOKED: dict[str, Any] = {"revoked_at": NOW - 1}
EXPIRED: dict[str, Any] = {"expires_at": NOW}
IDLE: dict[str, Any] = {"idle_expires_at": NOW}
OUTDATED: dict[str, Any] = {"credential_version": ALICE.credential_version + 1}
GONE: dict[str, Any] = {"credential_version": None}


def classify(token: RefreshToken, session: Session | None, **circumstances: Any) -> Verdict:
    """Return the verdict on a token that its own client presents at ``NOW``, unless ``circumstances`` differ."""
    usual: dict[str, Any] = {
        "client_id": FIRST_PARTY,
        "credential_version": ALICE.credential_version,
        "now": NOW,
        "replay_window": 30,
    }
    return ratchet.classify(token, session, **(usual | circumstances))


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
        pytest.param(EXPIRED, {}, id="at its absolute expiry"),
        pytest.param({"expires_at": NOW - 1}, {}, id="past its absolute expiry"),
        pytest.param(EXPIRED | {"idle_expires_at": NOW + 60}, {}, id="expired, not idle"),
        pytest.param(IDLE, {}, id="at its idle expiry"),
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
        pytest.param({"expires_at": NOW + 0.001}, {}, id="just before its absolute expiry"),
        pytest.param({"idle_expires_at": NOW + 0.001}, {}, id="just before its idle expiry"),
        pytest.param({"rotated_at": NOW - 100_000}, {}, id="long after its rotation"),
        pytest.param({}, {"replay_window": 0}, id="no replay window"),
        pytest.param({"salt": None, "rotated_at": NOW - 60}, {}, id="salt erased"),
    ],
)
def test_row_4_rotation(session: dict[str, Any], circumstances: dict[str, Any]) -> None:
    """The current token of a live session rotates at any time."""
    assert classify(CURRENT, replace(SESSION, **session), **circumstances) is Verdict.ROTATE


def test_row_4_first_rotation() -> None:
    """A session that was never rotated, and so has no salt, rotates."""
    assert classify(OLDER, session_of(OLDER)) is Verdict.ROTATE


@pytest.mark.parametrize(
    ("since_rotation", "window"),
    [(0, 30), (29.999, 30), (0.999, 1), (59.999, 60), (-1, 30), (-100_000, 30)],
)
def test_row_5_replay(since_rotation: float, window: float) -> None:
    """The replaced token is a replay strictly within the window; a rotation in the future counts as now."""
    session = replace(SESSION, rotated_at=NOW - since_rotation)
    assert classify(PREVIOUS, session, replay_window=window) is Verdict.REPLAY


@pytest.mark.parametrize(
    ("token", "session", "window"),
    [
        pytest.param(PREVIOUS, {"rotated_at": NOW - 30}, 30, id="previous, exactly at the window's end"),
        pytest.param(PREVIOUS, {"rotated_at": NOW - 31}, 30, id="previous, after the window"),
        pytest.param(PREVIOUS, {}, 0, id="previous, window 0"),
        pytest.param(PREVIOUS, {"rotated_at": NOW + 5}, 0, id="previous, window 0, rotated in the future"),
        pytest.param(PREVIOUS, {"salt": None}, 30, id="previous, salt erased"),
        pytest.param(PREVIOUS, {"salt": bytes(32)}, 30, id="previous, other salt"),
        pytest.param(PREVIOUS, {"generation": 3}, 30, id="previous, other generation"),
        pytest.param(OLDER, {}, 30, id="the one before"),
        pytest.param(FABRICATED, {}, 30, id="fabricated from a stale token"),
        pytest.param(FABRICATED, {"salt": None, "generation": 0}, 30, id="fabricated, before the first rotation"),
    ],
)
def test_row_6_reuse(token: RefreshToken, session: dict[str, Any], window: float) -> None:
    """Every other secret of the right lineage is reuse."""
    assert classify(token, replace(SESSION, **session), replay_window=window) is Verdict.REUSE


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=8, unique=True))
def test_in_any_chain_one_token_rotates_and_one_is_replayed(salts: list[bytes]) -> None:
    """After any number of rotations the last token rotates, the one before is a replay, the others are reuse."""
    chain = [OLDER]
    for generation, salt in enumerate(salts, start=1):
        chain.append(ratchet.successor(chain[-1], salt=salt, generation=generation))
    session = session_of(chain[-1], generation=len(salts), salt=salts[-1])
    *others, previous, current = [classify(token, session) for token in chain]
    assert (previous, current) == (Verdict.REPLAY, Verdict.ROTATE)
    assert set(others) <= {Verdict.REUSE}
