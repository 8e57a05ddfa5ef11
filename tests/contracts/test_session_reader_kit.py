"""The session reader kit notices each faulty reader."""

import pytest

from app.contracts.kit import Counts
from app.contracts.session_reader import SessionReaderContract

from . import faulty_session_readers as faulty
from .running import assert_every_test_fails, assert_noticed, failures

FAULTS: list[tuple[type[object], str]] = [
    (faulty.ReadsTheUserFirst, "version_is_never_older_than_the_session"),
    (faulty.KeepsWhatItRead, "changes_of_other_connections_are_read"),
    (faulty.IgnoresDisabled, "user_who_cannot_sign_in_has_no_version changes_of_other_connections_are_read"),
    (faulty.IgnoresTheCutOff, "cut_off_ends_the_session"),
    (faulty.ReturnsAnyVersion, "session_and_version_are_read unknown_session_is_not_found"),
    (faulty.NeedsTheUser, "user_who_cannot_sign_in_has_no_version"),
]
"""A reader, and the tests that fail."""


@pytest.mark.parametrize(("reader", "noticed_by"), FAULTS)
async def test_fault_is_noticed(reader: type[object], noticed_by: str, proof: Counts) -> None:
    """The tests that check the faulty behaviour fail."""
    await assert_noticed(SessionReaderContract, reader, proof, noticed_by)


async def test_reader_without_a_fault_passes(proof: Counts) -> None:
    """The reader that the faulty ones are built on fails no test."""
    assert await failures(SessionReaderContract, faulty.FakeReadDatabase, proof) == set()


async def test_every_test_of_the_kit_can_fail(proof: Counts) -> None:
    """Each test of the kit is failed by at least one faulty reader."""
    await assert_every_test_fails(SessionReaderContract, {reader for reader, _ in FAULTS}, proof)
