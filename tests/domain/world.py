"""The services, wired to fakes as the container wires them to adapters. Standard library only."""

from typing import Final

from app.adapters.memory.audit_records import MemoryAuditRecordRepository
from app.adapters.memory.rate_limits import MemoryRateLimitRepository
from app.adapters.telemetry.null import NullTelemetry
from app.domain.audit.events import SessionFacts
from app.domain.identifiers import FIRST_PARTY, ClientId
from app.domain.keys.lifecycle import KeyLifecycle
from app.domain.keys.signing_key import SigningKey
from app.domain.keys.stored_key import StoredKey
from app.domain.login.accounts import Accounts
from app.domain.login.administration import Administration
from app.domain.login.admission import Admission
from app.domain.login.authentication import Authentication
from app.domain.login.credentials import PasswordPolicy
from app.domain.login.password_change import PasswordChange
from app.domain.login.passwords import Passwords
from app.domain.login.user import User
from app.domain.rate_limits.limiter import RateLimiter
from app.domain.rate_limits.policy import RateLimitPolicy
from app.domain.requester import Requester
from app.domain.sessions import ratchet
from app.domain.sessions.explanation import Explanation
from app.domain.sessions.issued_tokens import IssuedTokens
from app.domain.sessions.issuing import Issuance
from app.domain.sessions.policy import SessionPolicy
from app.domain.sessions.retention import Retention
from app.domain.sessions.revocation import Revocation
from app.domain.sessions.rotation import Rotation
from app.domain.sessions.session import Session
from app.domain.sessions.subject_sessions import Sessions
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.policy import AccessTokenPolicy
from app.domain.tokens.revocation_list import RevocationList
from app.domain.tokens.validation import Validation
from tests.builders import ALICE, AUDIENCE, DEVICE_LIFETIME, ISSUER, KEY_POLICY, NOW, RATE_LIMITS
from tests.fakes import (
    FakeAuditTrail,
    FakeClock,
    FakeCodec,
    FakeCommonPasswords,
    FakeHasher,
    FakeKeyStore,
    FakeRandomness,
)

from .faults import ChangeableClients, ChangeableUsers, FaultySessions

REQUESTER = Requester(address="192.0.2.7", device="Firefox")
FOREIGN = ClientId("another-client")

STRANGERS: Final = 60
ASKING: Final = 4
"""Sign-ins without a known device that are inside at once, and those of them that ask the stores."""


class World:
    """One instance of the service. Alice is its only user, until a test adds others."""

    def __init__(
        self, session_policy: SessionPolicy, access_tokens: AccessTokenPolicy, rate_limit_policy: RateLimitPolicy
    ) -> None:
        self.clock, self.randomness = FakeClock(), FakeRandomness()
        self.codec, self.hasher, self.audit = FakeCodec(), FakeHasher(), FakeAuditTrail()
        self.sessions, self.users, self.clients = FaultySessions(), ChangeableUsers(), ChangeableClients()
        self.events = MemoryAuditRecordRepository()
        self.rate_limits = MemoryRateLimitRepository()
        self.revoked, self.access_tokens = RevocationList(), access_tokens
        self.key_store = FakeKeyStore(StoredKey(SigningKey("kid-1"), b""))
        self.keys = KeyLifecycle(store=self.key_store, codec=self.codec, clock=self.clock, policy=KEY_POLICY)
        self.issuance = Issuance(
            sessions=self.sessions,
            keys=self.keys,
            codec=self.codec,
            clock=self.clock,
            randomness=self.randomness,
            audit=self.audit,
            access_tokens=access_tokens,
            session_policy=session_policy,
        )
        self.revocation = Revocation(
            sessions=self.sessions, revoked=self.revoked, clock=self.clock, audit=self.audit, policy=access_tokens
        )
        self.rate_limiter = RateLimiter(
            rate_limits=self.rate_limits, own=MemoryRateLimitRepository(), clock=self.clock, policy=rate_limit_policy
        )
        self.admission = Admission(
            users=self.users,
            rate_limiter=self.rate_limiter,
            clock=self.clock,
            audit=self.audit,
            telemetry=NullTelemetry(),
            policy=rate_limit_policy,
            device_lifetime=DEVICE_LIFETIME,
            max_unknown=STRANGERS,
            max_lookups=ASKING,
        )
        self.rotation = Rotation(
            sessions=self.sessions,
            users=self.users,
            clients=self.clients,
            issuance=self.issuance,
            revocation=self.revocation,
            rate_limiter=self.rate_limiter,
            clock=self.clock,
            randomness=self.randomness,
            audit=self.audit,
            telemetry=NullTelemetry(),
            policy=session_policy,
        )
        self.authentication = Authentication(
            users=self.users,
            hasher=self.hasher,
            issuance=self.issuance,
            revocation=self.revocation,
            admission=self.admission,
            clock=self.clock,
            randomness=self.randomness,
            audit=self.audit,
        )
        self.own_sessions = Sessions(
            sessions=self.sessions, users=self.users, revocation=self.revocation, clock=self.clock
        )
        self.passwords = Passwords(common=FakeCommonPasswords(), hasher=self.hasher, policy=PasswordPolicy())
        self.accounts = Accounts(
            users=self.users,
            passwords=self.passwords,
            hasher=self.hasher,
            randomness=self.randomness,
            clock=self.clock,
            audit=self.audit,
        )
        self.administration = Administration(
            users=self.users,
            passwords=self.passwords,
            revocation=self.revocation,
            clock=self.clock,
            audit=self.audit,
        )
        self.password_change = PasswordChange(
            users=self.users,
            sessions=self.sessions,
            authentication=self.authentication,
            passwords=self.passwords,
            revocation=self.revocation,
            clock=self.clock,
            audit=self.audit,
        )
        self.retention = Retention(
            sweeper=self.sessions,
            rate_limits=self.rate_limits,
            revoked=self.revoked,
            clock=self.clock,
            access_tokens=access_tokens,
            session_policy=session_policy,
            events=self.events,
            event_lifetime=7_776_000,
        )
        self.explanation = Explanation(
            sessions=self.sessions,
            users=self.users,
            events=self.events,
            clock=self.clock,
            session_policy=session_policy,
        )
        self.validation = Validation(verifier=self.codec, revoked=self.revoked, clock=self.clock, policy=access_tokens)

    @classmethod
    async def create(
        cls,
        *,
        session_policy: SessionPolicy | None = None,
        access_tokens: AccessTokenPolicy | None = None,
        rate_limit_policy: RateLimitPolicy | None = None,
    ) -> "World":
        """Return a world that Alice can sign in to."""
        world = cls(
            session_policy or SessionPolicy(),
            access_tokens or AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE),
            rate_limit_policy or RATE_LIMITS,
        )
        await world.keys.load()
        await world.users.add(ALICE)
        return world

    async def use_keys(self, *keys: SigningKey) -> None:
        """Put these keys into the place of those there were."""
        self.key_store.stored = tuple(StoredKey(key, b"") for key in keys)
        await self.keys.load()

    def restart(self) -> None:
        """Lose what the instance has in memory; the store, which is shared, stays."""
        self.revoked = RevocationList()
        policy = self.access_tokens
        self.revocation = Revocation(
            sessions=self.sessions, revoked=self.revoked, clock=self.clock, audit=self.audit, policy=policy
        )
        self.validation = Validation(verifier=self.codec, revoked=self.revoked, clock=self.clock, policy=policy)

    async def open_session(self, user: User = ALICE, *, requested: str | None = None) -> IssuedTokens:
        """Return the tokens of a new session, and forget what was recorded of its opening."""
        granted = await self.issuance.open_session(
            subject=user.subject,
            scope=user.scope.narrowed_to(requested),
            credential_version=user.credential_version,
            client_id=FIRST_PARTY,
            requester=REQUESTER,
        )
        self.audit.events.clear()
        self.sessions.writes.clear()
        return granted

    async def refresh(self, refresh_token: str, *, requested: str | None = None) -> IssuedTokens:
        """Return what the client that sessions belong to gets for a refresh token."""
        return await self.rotation.rotate(refresh_token, client_id=FIRST_PARTY, requested=requested)

    async def refresh_times(self, times: int, granted: IssuedTokens) -> list[str]:
        """Rotate so often, and return the refresh tokens of all generations, the oldest first."""
        texts = [granted.refresh_token]
        for _ in range(times):
            texts.append((await self.refresh(texts[-1])).refresh_token)
        self.audit.events.clear()
        self.sessions.writes.clear()
        return texts

    async def stored(self, refresh_token: str) -> Session:
        """Return the session that the store holds for a token."""
        session = await self.sessions.find(ratchet.parse(refresh_token).session_id)
        assert session is not None
        return session

    def claims(self, granted: IssuedTokens) -> AccessTokenClaims:
        """Return what the granted access token says."""
        return self.codec.issued[granted.access_token]


def facts_of(session: Session, at: float = NOW) -> SessionFacts:
    """Return what every event of a session says."""
    return {"at": at, "session_id": session.session_id, "subject": ALICE.subject, "client_id": FIRST_PARTY}
