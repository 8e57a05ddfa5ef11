"""Which tests of the session kit notice which faulty repository."""

from collections.abc import Callable, Mapping

from app.contracts.session_atomicity import SessionAtomicity
from app.contracts.session_behaviour import SessionBehaviour
from app.contracts.session_concurrency import SessionConcurrency
from app.contracts.session_cut_off import SessionCutOff
from app.contracts.session_deadlocks import SessionDeadlocks
from app.contracts.session_deletion import SessionDeletion
from app.contracts.session_erasure import CutOffRevocation, SecretErasure
from app.contracts.session_excess import SessionExcess
from app.contracts.session_lists import SessionLists
from app.contracts.session_reads import SessionReads
from app.contracts.session_rotation import SessionRotation
from app.contracts.session_subject_concurrency import SubjectConcurrency
from app.contracts.session_subjects import SubjectRevocation
from app.contracts.session_sweeper import SweeperConcurrency
from app.ports.session_repository import SessionRepository

from . import faulty_connections as connections
from . import faulty_cut_offs as cut_offs
from . import faulty_locks as locks
from . import faulty_races as races
from . import faulty_reads as reads
from . import faulty_rotations as rotations
from . import faulty_session_lists as lists
from . import faulty_sessions as acts
from . import faulty_subjects as subjects
from . import faulty_sweeps as sweeps
from .running import Tier

FAULTS: Mapping[Tier, Mapping[Callable[[], SessionRepository], str]] = {
    SessionBehaviour: {
        acts.AddOverwrites: "add_refuses_an_id_in_use add_refuses_the_id_of_a_revoked_session",
        acts.SetVersionChecksNothing: (
            "set_credential_version_changes_only_the_version set_credential_version_needs_the_expected_version "
            "set_credential_version_refuses_a_session_in_its_last_second "
            "set_credential_version_refuses_a_revoked_or_unknown_session"
        ),
        acts.SetVersionInTheLastSecond: "set_credential_version_refuses_a_session_in_its_last_second",
        acts.SecondRevokeWrites: "second_revoke_returns_false",
        acts.RevokesUnknownSessions: "revoke_refuses_an_unknown_session",
        acts.RevokeRefusesExpired: "revoke_accepts_an_expired_session",
        acts.RevokeIgnoresReason: "revoke_changes_only_its_fields",
        acts.RevokeKeepsReplaced: "revoke_changes_only_its_fields",
        acts.RoundsTimes: "find_returns_every_field_as_added",
        acts.losing("device"): (
            "find_returns_every_field_as_added find_returns_the_session_of_the_id find_returns_an_expired_session"
        ),
    },
    SessionRotation: {
        rotations.AdvanceChecksNothing: (
            "advance_needs_the_current_digest advance_refuses_a_session_in_its_last_second "
            "advance_refuses_a_revoked_session advance_moves_the_idle_expiry"
        ),
        rotations.AdvanceInTheLastSecond: "advance_refuses_a_session_in_its_last_second",
        rotations.AdvanceAcceptsUnknown: "advance_refuses_an_unknown_session",
        rotations.KeepsStaleReplaced: "advance_leaves_no_older_replaced_secret",
        rotations.AppendsReplaced: (
            "advance_leaves_no_older_replaced_secret replaced_secrets_are_stored_bit_for_bit advance_can_be_repeated"
        ),
        rotations.DropsOneSecret: "replaced_secrets_are_stored_bit_for_bit advance_can_be_repeated",
        rotations.StoresReplacedAsText: "replaced_secrets_are_stored_bit_for_bit",
        acts.RoundsTimes: "advance_stores_times_with_all_their_bits",
        acts.losing("device"): "advance_changes_only_its_fields",
    },
    SessionLists: {
        lists.ListsEverySession: (
            "live_sessions_are_listed_oldest_first ended_sessions_are_not_listed_as_live "
            "rotated_session_is_listed_until_its_new_idle_expiry"
        ),
        lists.ListsTheLastSecond: "ended_sessions_are_not_listed_as_live",
        lists.ComparesSubjectsWithoutCase: "live_sessions_are_of_the_subject",
        lists.CutsLongSubjects: "longest_subjects_are_told_apart",
        lists.PagesByTimeAlone: "sessions_of_one_time_are_listed_by_id pages_together_have_every_session",
        lists.PagesFromTheTimeOn: "pages_together_have_every_session",
        lists.PagesAfterASession: "page_starts_after_a_position_whose_session_is_gone",
        lists.PagesBeforeFiltering: "page_is_full_although_ended_sessions_are_between",
        lists.RevocationsExcludeTheMoment: "revocations_are_listed_from_the_moment_on",
        lists.RevocationPagesGoOnByTime: "revocations_of_one_time_are_all_listed",
        lists.RevocationsAssumeOrder: "revocations_are_listed_by_time_not_by_order_of_calls",
        acts.SecondRevokeWrites: "second_revoke_does_not_change_the_list",
        connections.RemembersSessions: "every_connection_sees_acknowledged_changes",
    },
    SessionReads: {
        reads.keeping(read): "no_read_is_kept_from_before_another_connection_changed_it"
        for read in ("find", "list_live_sessions", "list_revocations", "find_cut_off")
    },
    SubjectRevocation: {
        lists.ListsOnePage: "revoke_subject_revokes_any_number",
        lists.ListsOnePageOfRevocations: "revoke_subject_revokes_any_number",
        subjects.RevokesKeep: "revoke_subject_revokes_all_but_the_kept_one",
        subjects.RevokesExpired: "revoke_subject_leaves_sessions_that_have_ended",
        subjects.RevokesLastSecond: "revoke_subject_leaves_sessions_that_have_ended",
        subjects.RevokesFirstPage: "revoke_subject_revokes_any_number",
        subjects.ReturnsEverySession: "second_revoke_subject_returns_none",
        subjects.ReturnsThemAsTheyWere: "revoke_subject_revokes_all_but_the_kept_one",
        connections.RemembersSessions: "every_connection_sees_the_acts_on_a_subject",
    },
    SessionExcess: {
        subjects.RevokesKeep: "revoke_excess_never_revokes_the_kept_one",
        subjects.RevokesExpired: "revoke_excess_counts_live_sessions_of_the_subject",
        subjects.RevokesLastSecond: "revoke_excess_counts_live_sessions_of_the_subject",
        subjects.ReturnsThemAsTheyWere: "revoke_excess_revokes_the_longest_unused",
        subjects.RevokesOldestSignIn: "revoke_excess_revokes_the_longest_unused",
        subjects.KeepsOneMore: "revoke_excess_within_the_limit_changes_nothing repeated_revoke_excess_ends_any_number",
        subjects.KeepsOneFewer: "revoke_excess_within_the_limit_changes_nothing repeated_revoke_excess_ends_any_number",
        subjects.CountsAbsentKeep: "revoke_excess_does_not_count_a_kept_one_that_is_not_there",
        subjects.ListsFirstCrowdedSubjects: "every_crowded_subject_is_listed",
        subjects.ListsCrowdedSubjectsForever: "every_crowded_subject_is_listed no_subject_is_crowded_in_an_empty_store",
    },
    SessionCutOff: {
        cut_offs.IsZeroAtFirst: "there_is_no_cut_off_at_first",
        cut_offs.IsANumberWithAPoint: "cut_off_never_moves_back",
        cut_offs.MovesBack: "cut_off_never_moves_back",
        cut_offs.NeverMoves: "cut_off_never_moves_back later_cut_off_ends_more",
        cut_offs.EndsByExactTime: "cut_off_ends_what_began_by_the_end_of_its_second",
        cut_offs.EndsBeforeTheSecond: "cut_off_ends_what_began_by_the_end_of_its_second",
        cut_offs.EndsTheNextSecond: "cut_off_ends_what_began_by_the_end_of_its_second",
        cut_offs.EndsStoredSessionsOnly: "session_that_is_added_after_the_cut_off_ends_too",
        cut_offs.ReplacesRevocations: "revoked_session_keeps_its_reason_and_time",
        cut_offs.KeepsReplacedSecrets: "ended_session_has_no_replaced_secrets",
        cut_offs.TakesPlacesOnPages: "ended_sessions_are_not_listed_as_live",
        cut_offs.ListsEndedAsRevoked: "revocations_leave_out_what_the_cut_off_ended",
        cut_offs.forgetting("advance"): (
            "cut_off_ends_what_began_by_the_end_of_its_second act_on_an_ended_session_changes_nothing "
            "session_that_is_added_after_the_cut_off_ends_too"
        ),
        connections.KeepsCutOffToItself: "every_connection_sees_the_cut_off",
        cut_offs.forgetting("find"): "cut_off_ends_what_began_by_the_end_of_its_second",
        cut_offs.forgetting("revoke"): "act_on_an_ended_session_changes_nothing",
        cut_offs.forgetting("set_credential_version"): "act_on_an_ended_session_changes_nothing",
        cut_offs.forgetting("list_live_sessions"): "ended_sessions_are_not_listed_as_live",
        cut_offs.forgetting("revoke_subject"): "ended_sessions_are_not_revoked_again",
        cut_offs.forgetting("revoke_excess"): "ended_sessions_are_not_revoked_again",
    },
    SessionAtomicity: {
        races.WritesInTwoSteps: (
            "cancelled_add_is_done_or_not_done cancelled_advance_is_done_or_not_done "
            "cancelled_revoke_is_done_or_not_done cancelled_revoke_subject_can_be_continued "
            "cancelled_set_cut_off_can_be_repeated"
        ),
        acts.AddOverwrites: "refused_add_changes_nothing",
        rotations.RefusedAdvanceWrites: "refused_act_changes_nothing",
        subjects.KeepsOneFewer: "refused_act_changes_nothing cancelled_revoke_excess_can_be_continued",
        cut_offs.forgetting("advance"): "refused_act_changes_nothing",
    },
    SessionConcurrency: {
        races.RacySessions: (
            "one_of_many_advances_wins revoke_that_races_with_advances_is_final one_of_many_revokes_wins "
            "one_of_many_adds_wins racing_rotations_form_one_chain "
            "set_credential_version_that_races_with_advances_loses_nothing"
        ),
        acts.losing("secret_digest"): "racing_rotations_form_one_chain",
    },
    SubjectConcurrency: {
        races.RacySessions: (
            "racing_calls_of_revoke_subject_return_each_session_once revoke_subject_that_races_with_advances_is_final "
            "revoke_subject_that_races_with_revokes_counts_each_once cut_off_that_races_with_advances_is_final "
            "latest_of_racing_cut_offs_stays"
        ),
        races.RacyLimit: "racing_sign_ins_never_end_too_many",
        subjects.ReturnsEverySession: "revoke_subject_that_races_with_adds_can_be_repeated",
        subjects.ReturnsThemAsTheyWere: "revoke_subject_that_races_with_advances_is_final",
        cut_offs.EndsTheNextSecond: "cut_off_that_races_with_advances_is_final",
    },
    SessionDeadlocks: {
        locks.LocksInTheOrderOfItsList: "racing_acts_do_not_deadlock",
        locks.RaisesWhatTheDatabaseSays: "racing_acts_do_not_deadlock",
    },
    SecretErasure: {
        sweeps.SweepsTooMuch: "erase_replaced_changes_only_the_replaced_secrets erase_replaced_stops_at_the_limit",
        sweeps.SweepsByFirstTimes: (
            "erase_replaced_keeps_the_secrets_of_a_newer_rotation sessions_without_replaced_secrets_do_not_count "
            "erase_replaced_finds_rotations_in_any_order_of_time"
        ),
        sweeps.ErasesOneSecretATime: "erase_replaced_counts_sessions_not_secrets",
    },
    CutOffRevocation: {
        cut_offs.SweepsLaterSessions: (
            "revoke_cut_off_revokes_what_the_cut_off_ended sessions_that_the_cut_off_ended_are_deleted"
        ),
        cut_offs.SweepsOnce: "revoke_cut_off_follows_a_later_cut_off",
        cut_offs.SweepWritesNothing: "sessions_that_the_cut_off_ended_are_deleted",
        cut_offs.EndsStoredSessionsOnly: "revoke_cut_off_follows_a_later_cut_off",
        cut_offs.forgetting("list_revocations"): "revoke_cut_off_revokes_what_the_cut_off_ended",
    },
    SessionDeletion: {
        sweeps.SweepsTooMuch: (
            "repeated_limited_calls_check_every_session delete_ended_deletes_expired_sessions "
            "delete_ended_deletes_revoked_sessions"
        ),
        sweeps.SweepsByFirstTimes: "delete_ended_uses_the_newest_idle_expiry",
        sweeps.SweepsFirstSessionsOnly: "repeated_limited_calls_check_every_session",
        lists.RevocationsExcludeTheMoment: "deleted_session_is_gone_everywhere",
        sweeps.TrustsAnOutdatedIndex: "deleted_session_is_gone_everywhere",
        connections.RemembersSessions: "every_connection_sees_sweeps",
        acts.losing("expires_at"): "delete_ended_keeps_live_sessions",
    },
    SweeperConcurrency: {
        races.RacySessions: (
            "erase_replaced_that_races_with_advance_keeps_the_new_secrets racing_sweeps_delete_each_session_once "
            "racing_sweeps_revoke_each_session_once"
        ),
        sweeps.TrustsAnIndexThatItReadBefore: "delete_that_races_with_advance_keeps_the_session",
    },
}
"""For each tier the adapters whose fault it notices, and the tests that fail."""
