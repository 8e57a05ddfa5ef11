"""The services of the domain, built on fakes in the same way as the container builds them on adapters."""

from functools import cached_property
from typing import Final

from ..domain.keys.lifecycle import KeyLifecycle
from ..domain.keys.signing_key import SigningKey
from ..domain.keys.stored_key import StoredKey
from ..domain.login.accounts import Accounts
from ..domain.login.administration import Administration
from ..domain.login.admission import Admission
from ..domain.login.authentication import Authentication
from ..domain.login.credentials import PasswordPolicy
from ..domain.login.password_change import PasswordChange
from ..domain.login.passwords import Passwords
from ..domain.rate_limits.limiter import RateLimiter
from ..domain.rate_limits.policy import RateLimitPolicy
from ..domain.rate_limits.rate_limit import LocalRateLimit, RateLimit
from ..domain.sessions.explanation import Explanation
from ..domain.sessions.issuing import SessionTokenIssuer
from ..domain.sessions.logout import Logout
from ..domain.sessions.lookup import SessionLookup
from ..domain.sessions.opening import SessionOpening
from ..domain.sessions.refresh_room import RefreshRoom
from ..domain.sessions.retention import Retention
from ..domain.sessions.revocation import Revocation
from ..domain.sessions.rotation import Rotation
from ..domain.sessions.separate_reads import SeparateReads
from ..domain.sessions.session import SessionPolicy
from ..domain.sessions.session_limit import SessionLimit
from ..domain.sessions.subject_sessions import SubjectSessions
from ..domain.tokens.issuing import AccessTokenIssuer
from ..domain.tokens.policy import AccessTokenPolicy
from ..domain.tokens.reading import IssuedTokenReader
from ..domain.tokens.revocation_list import RevocationList
from ..domain.tokens.signing import TokenSigning
from ..domain.tokens.validation import Validation
from .audit import FakeAuditRecordRepository, FakeAuditTrail
from .builders import DEVICE_LIFETIME, KEY_POLICY
from .clients import FakeClientRepository
from .faults import FaultySessionRepository, FaultySigner, FaultyUserRepository
from .keys import FakeKeyStore
from .passwords import FakeCommonPasswords, FakePasswordHasher
from .rate_limits import FakeRateLimitRepository
from .system import FakeClock, FakeRandomness
from .tokens import FakeTokenCodec

MAX_UNKNOWN: Final = 60
"""How many sign-ins from unknown devices are admitted at once."""

MAX_LOOKUPS: Final = 4
"""How many sign-ins from unknown devices may query the stores at once."""


class Services:
    """The fakes, and the services on them. Each service is built when a test first uses it."""

    rotation_type: type[Rotation] = Rotation
    """The class of the rotation; a test may set one with another rule, or with a fault."""

    def __init__(
        self, session_policy: SessionPolicy, access_tokens: AccessTokenPolicy, rate_limit_policy: RateLimitPolicy
    ) -> None:
        self.session_policy = session_policy
        self.access_tokens = access_tokens
        self.rate_limit_policy = rate_limit_policy
        self.refresh_limit = LocalRateLimit(RateLimit(1_000_000, 366 * 86_400))
        self.clock = FakeClock()
        self.randomness = FakeRandomness()
        self.codec = FakeTokenCodec()
        self.signer = FaultySigner()
        self.hasher = FakePasswordHasher()
        self.audit = FakeAuditTrail()
        self.sessions = FaultySessionRepository()
        self.users = FaultyUserRepository()
        self.clients = FakeClientRepository()
        self.audit_records = FakeAuditRecordRepository()
        self.rate_limits = FakeRateLimitRepository()
        self.revoked = RevocationList()
        self.key_store = FakeKeyStore(StoredKey(SigningKey("kid-1"), b""))
        self.keys = KeyLifecycle(
            store=self.key_store, codec=self.codec, signer=self.signer, clock=self.clock, policy=KEY_POLICY
        )

    @cached_property
    def token_signing(self) -> TokenSigning:
        """The signing of tokens."""
        return TokenSigning(keys=self.keys, codec=self.codec, signer=self.signer)

    @cached_property
    def access_token_issuer(self) -> AccessTokenIssuer:
        """The issuing of access tokens."""
        return AccessTokenIssuer(
            signing=self.token_signing, codec=self.codec, randomness=self.randomness, policy=self.access_tokens
        )

    @cached_property
    def session_token_issuer(self) -> SessionTokenIssuer:
        """The issuing of the tokens of a session."""
        return SessionTokenIssuer(access_tokens=self.access_token_issuer, policy=self.access_tokens)

    @cached_property
    def session_opening(self) -> SessionOpening:
        """The opening of sessions."""
        return SessionOpening(
            sessions=self.sessions,
            issuer=self.session_token_issuer,
            session_limit=self.session_limit,
            clock=self.clock,
            randomness=self.randomness,
            audit=self.audit,
            policy=self.session_policy,
        )

    @cached_property
    def session_limit(self) -> SessionLimit:
        """The limit on the sessions of one user."""
        return SessionLimit(sessions=self.sessions, revocation=self.revocation, policy=self.session_policy)

    @cached_property
    def session_lookup(self) -> SessionLookup:
        """The lookup of sessions."""
        return SessionLookup(
            sessions=self.sessions,
            reader=SeparateReads(sessions=self.sessions, users=self.users),
            policy=self.session_policy,
        )

    @cached_property
    def revocation(self) -> Revocation:
        """The revocation of sessions."""
        return Revocation(
            sessions=self.sessions,
            lookup=self.session_lookup,
            revoked=self.revoked,
            clock=self.clock,
            audit=self.audit,
            policy=self.access_tokens,
        )

    @cached_property
    def logout(self) -> Logout:
        """The sign-out."""
        return Logout(revocation=self.revocation, reader=IssuedTokenReader(codec=self.codec, policy=self.access_tokens))

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """The rate limiter."""
        return RateLimiter(rate_limits=self.rate_limits, clock=self.clock)

    @cached_property
    def admission(self) -> Admission:
        """The admission of sign-ins."""
        return Admission(
            users=self.users,
            rate_limiter=self.rate_limiter,
            clock=self.clock,
            audit=self.audit,
            policy=self.rate_limit_policy,
            device_lifetime=DEVICE_LIFETIME,
            max_unknown=MAX_UNKNOWN,
            max_lookups=MAX_LOOKUPS,
        )

    @cached_property
    def refresh_room(self) -> RefreshRoom:
        """The waiting room of refreshes."""
        return RefreshRoom(longest_wait=0.5, replay_window=self.session_policy.replay_window, clock=self.clock)

    @cached_property
    def rotation(self) -> Rotation:
        """The rotation of refresh tokens."""
        return self.rotation_type(
            sessions=self.sessions,
            clients=self.clients,
            lookup=self.session_lookup,
            issuer=self.session_token_issuer,
            revocation=self.revocation,
            refresh_limit=self.refresh_limit,
            room=self.refresh_room,
            clock=self.clock,
            randomness=self.randomness,
            audit=self.audit,
            policy=self.session_policy,
        )

    @cached_property
    def authentication(self) -> Authentication:
        """The sign-in."""
        return Authentication(
            users=self.users,
            hasher=self.hasher,
            session_opening=self.session_opening,
            revocation=self.revocation,
            admission=self.admission,
            clock=self.clock,
            randomness=self.randomness,
            audit=self.audit,
        )

    @cached_property
    def subject_sessions(self) -> SubjectSessions:
        """The sessions of one subject."""
        return SubjectSessions(sessions=self.sessions, users=self.users, revocation=self.revocation, clock=self.clock)

    @cached_property
    def passwords(self) -> Passwords:
        """The check of new passwords."""
        return Passwords(common=FakeCommonPasswords(), hasher=self.hasher, policy=PasswordPolicy())

    @cached_property
    def accounts(self) -> Accounts:
        """The creation of users."""
        return Accounts(
            users=self.users,
            passwords=self.passwords,
            hasher=self.hasher,
            randomness=self.randomness,
            clock=self.clock,
            audit=self.audit,
        )

    @cached_property
    def administration(self) -> Administration:
        """The administration of users."""
        return Administration(
            users=self.users,
            passwords=self.passwords,
            revocation=self.revocation,
            clock=self.clock,
            audit=self.audit,
        )

    @cached_property
    def password_change(self) -> PasswordChange:
        """The change of a password by its user."""
        return PasswordChange(
            users=self.users,
            sessions=self.sessions,
            authentication=self.authentication,
            passwords=self.passwords,
            revocation=self.revocation,
            clock=self.clock,
            audit=self.audit,
        )

    @cached_property
    def retention(self) -> Retention:
        """The deletion of old data."""
        return Retention(
            sweeper=self.sessions,
            session_limit=self.session_limit,
            rate_limits=self.rate_limits,
            revoked=self.revoked,
            clock=self.clock,
            access_tokens=self.access_tokens,
            session_policy=self.session_policy,
            audit_records=self.audit_records,
            record_lifetime=7_776_000,
        )

    @cached_property
    def explanation(self) -> Explanation:
        """The explanation of a session's history."""
        return Explanation(
            lookup=self.session_lookup,
            audit_records=self.audit_records,
            clock=self.clock,
            policy=self.session_policy,
        )

    @cached_property
    def validation(self) -> Validation:
        """The validation of access tokens."""
        return Validation(verifier=self.codec, revoked=self.revoked, clock=self.clock, policy=self.access_tokens)
