"""A state machine with everything that clients, users and clocks can do to the rotation service."""

import pickle
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, initialize, invariant, multiple, rule

from app.domain.identifiers import FIRST_PARTY, ClientId
from app.domain.sessions.errors import InvalidGrant
from app.domain.tokens.policy import STORED_REVOCATION_SECONDS

from .rotation_comparison import Comparison, decoded
from .rotation_model import NEVER_ISSUED, IssuedSession, Limits, Row
from .rotation_service import ACCESS_TOKENS, USERNAMES, completed

LIFETIME: Final = 1_000
IDLE_LIFETIME: Final = 300

PAUSES: Final = [0.5, 1, 10, 29.5, 30, 59.5, 60, 89.5, 90, 91, 119.5, 120, 149.5, 150, 151, -0.5, -1, -29.5, -31, -61]
"""Seconds near the replay window; negative ones set the clock back."""

JUMPS: Final = [
    IDLE_LIFETIME - 1,
    IDLE_LIFETIME,
    IDLE_LIFETIME + 1,
    999,
    1_000,
    1_029,
    1_030,
    2_000,
    STORED_REVOCATION_SECONDS - 500,
    STORED_REVOCATION_SECONDS + 500,
    -IDLE_LIFETIME,
    -1_000,
    -3_000,
]
"""Seconds near the expiries and the time for which a store keeps revocations."""

AGES: Final = [0, 1, 2, 3, 31, 32, 10_000]
"""The age of a presented token in generations. In a young session it is the oldest token."""

SCOPES: Final = [None, None, "", "account", "orders:read account", "keyturn:admin"]

OTHER_CLIENT: Final = ClientId("another")


class RotationMachine(Comparison):
    """Each rule changes the service and the model, and compares them."""

    sessions: Bundle[IssuedSession] = Bundle("sessions")

    @initialize(
        target=sessions,
        window=st.sampled_from([120, 60, 0]),
        idle_lifetime=st.sampled_from([IDLE_LIFETIME, None]),
        fast_clock=st.booleans(),
    )
    def start(self, window: int, idle_lifetime: int | None, *, fast_clock: bool) -> MultipleResults[IssuedSession]:
        """Open a session for each user."""
        self.begin(Limits(lifetime=LIFETIME, idle_lifetime=idle_lifetime, replay_window=window))
        opened = [self.opened(username, None) for username in USERNAMES]
        if fast_clock:
            self.present_after_a_fast_clock(opened[0])
        return multiple(*opened)

    @rule(target=sessions, username=st.sampled_from(USERNAMES), scope=st.sampled_from([None, "account"]))
    def log_in(self, username: str, scope: str | None) -> IssuedSession:
        """Open another session."""
        return self.opened(username, scope)

    @rule(session=sessions, scope=st.sampled_from(SCOPES))
    def refresh(self, session: IssuedSession, scope: str | None) -> None:
        """Present the current token, and request all, less or more scope."""
        self.present(session, 0, scope)

    @rule(session=sessions, scope=st.sampled_from(SCOPES))
    def refresh_twice(self, session: IssuedSession, scope: str | None) -> None:
        """Present a token again right after its rotation."""
        self.present(session, 0, None)
        self.present(session, 1, scope)

    @rule(session=sessions, times=st.sampled_from([3, 31, 33]))
    def refresh_often(self, session: IssuedSession, times: int) -> None:
        """Rotate many times at once: after 32 rotations within the window the current token is the answer."""
        for _ in range(times):
            self.present(session, 0, None)

    @rule(session=sessions, age=st.sampled_from(AGES), scope=st.sampled_from(SCOPES))
    def present_any(self, session: IssuedSession, age: int, scope: str | None) -> None:
        """Present any token that was ever issued."""
        self.present(session, age, scope)

    @rule(session=sessions, age=st.sampled_from(AGES), scope=st.sampled_from(SCOPES))
    def present_as_another_client(self, session: IssuedSession, age: int, scope: str | None) -> None:
        """Another client that presents a stolen token gets nothing and revokes nothing."""
        generation = session.generation_of(age)
        row = session.row(generation, self.now, self.limits, client_id=OTHER_CLIENT)
        assert self.service.present(session.tokens[generation], OTHER_CLIENT, scope) is InvalidGrant
        self.check_audit(row)

    @rule(session=sessions, age=st.sampled_from(AGES), position=st.integers(1, 64), flip=st.integers(1, 255))
    def tamper(self, session: IssuedSession, age: int, position: int, flip: int) -> None:
        """A token with a changed session id or lineage is unknown; with a changed secret it counts as reuse."""
        raw = bytearray(decoded(session.tokens[session.generation_of(age)]))
        raw[position] ^= flip
        row = session.row(NEVER_ISSUED, self.now, self.limits) if position > 32 else Row.UNKNOWN
        text = "ktr_" + urlsafe_b64encode(raw).rstrip(b"=").decode()
        assert self.service.present(text, FIRST_PARTY, None) is InvalidGrant
        self.check_audit(row)
        if row is Row.REUSE:
            session.revoke(self.now)

    @rule(session=sessions, age=st.sampled_from(AGES), client_id=st.sampled_from([OTHER_CLIENT, FIRST_PARTY]))
    def log_out(self, session: IssuedSession, age: int, client_id: ClientId) -> None:
        """A token of any generation ends its session if the session's own client presents it.

        This works until the leeway after the session's expiry has passed: until then its access tokens may be alive.
        """
        self.service.log_out(session.tokens[session.generation_of(age)], client_id)
        may_matter = self.now < session.ends_at() + ACCESS_TOKENS.leeway
        if client_id == FIRST_PARTY and not session.deleted and may_matter:
            session.revoke(self.now)

    @rule(username=st.sampled_from(USERNAMES), change=st.sampled_from(["password", "disabled", "enabled"]))
    def change_account(self, username: str, change: str) -> None:
        """Change a password, disable or enable a user. The sessions are not revoked: their version is outdated."""
        changed = self.service.change_account(username, change)
        account = self.accounts[username]
        account.version, account.disabled = changed.credential_version, changed.disabled

    @rule(seconds=st.sampled_from(PAUSES))
    def pause(self, seconds: float) -> None:
        """Move the clock a little, forward or back."""
        self.service.clock.advance(seconds)

    @rule(seconds=st.sampled_from(JUMPS))
    def jump(self, seconds: float) -> None:
        """Move the clock far, forward or back."""
        self.service.clock.advance(seconds)

    @rule(session=sessions)
    def present_after_a_fast_clock(self, session: IssuedSession) -> None:
        """The clock is ahead for one sweep, which erases what is still within the window."""
        self.present(session, 0, None)
        self.service.clock.advance(self.limits.replaced_lifetime + 1)
        self.sweep_once()
        self.service.clock.advance(-self.limits.replaced_lifetime - 1)
        self.present(session, 1, None)

    @rule()
    def sweep(self) -> None:
        """Run the retention, as an instance does every second."""
        self.sweep_once()

    def sweep_once(self) -> None:
        """Run the retention, and check what it deleted."""
        completed(self.service.world.retention.sweep())
        for session in self.issued:
            found = self.service.find(session.session_id) is not None
            memory = STORED_REVOCATION_SECONDS
            session.sweep(self.now, self.limits, still_there=found, memory_of_revocations=memory)

    @invariant()
    def the_store_agrees(self) -> None:
        """The stored session is the one of the model, and only its newest token is current."""
        for session in (each for each in self.issued if not each.deleted):
            stored = self.stored(session)
            assert stored.generation == len(session.tokens) - 1
            assert (stored.expires_at, stored.idle_expires_at) == (session.expires_at, session.idle_expires_at)
            assert stored.rotated_at == session.rotated_at
            assert [each.replaced_at for each in stored.replaced] == [at for _, at in session.replaced]
            assert stored.revoked_at == session.revoked_at
            current = [text for text in session.tokens if sha256(decoded(text)[33:]).digest() == stored.secret_digest]
            assert current == session.tokens[-1:]

    @invariant()
    def the_store_holds_no_token(self) -> None:
        """No issued secret or lineage is anywhere inside the repository, as bytes or as text."""
        inside = pickle.dumps(self.service.world.sessions.stored)
        for session in self.issued:
            assert decoded(session.tokens[0])[17:33] not in inside
            assert not [text for text in session.tokens if decoded(text)[33:] in inside or text.encode() in inside]
