"""The services, wired to fakes as the container wires them to adapters. Standard library only."""

from typing import Final

from app.adapters.memory.attempt_budgets import MemoryAttemptBudgets
from app.adapters.memory.audit_events import MemoryAuditEventRepository
from app.adapters.memory.revocation_list import MemoryRevocationList
from app.adapters.telemetry.silence import Silence
from app.domain.model import ratchet
from app.domain.model.claims import AccessTokenClaims
from app.domain.model.credentials import PasswordPolicy
from app.domain.model.events import SessionFacts
from app.domain.model.grant import TokenGrant
from app.domain.model.identifiers import FIRST_PARTY, ClientId
from app.domain.model.policy import AccessTokenPolicy, SessionPolicy
from app.domain.model.session import Origin, Session
from app.domain.model.signing_key import SigningKey, StoredKey
from app.domain.model.throttle_policy import ThrottlePolicy
from app.domain.model.user import User
from app.domain.services.accounts import Accounts
from app.domain.services.administration import Administration
from app.domain.services.admission import Admission
from app.domain.services.authentication import Authentication
from app.domain.services.explanation import Explanation
from app.domain.services.issuance import Issuance
from app.domain.services.key_lifecycle import KeyLifecycle
from app.domain.services.password_change import PasswordChange
from app.domain.services.passwords import Passwords
from app.domain.services.retention import Retention
from app.domain.services.revocation import Revocation
from app.domain.services.rotation import Rotation
from app.domain.services.sessions import Sessions
from app.domain.services.throttling import Throttling
from app.domain.services.validation import Validation
from tests.builders import ALICE, AUDIENCE, DEVICE_LIFETIME, ISSUER, KEY_POLICY, NOW, THROTTLE
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

ORIGIN = Origin(address="192.0.2.7", device="Firefox")
FOREIGN = ClientId("another-client")

STRANGERS: Final = 60
ASKING: Final = 4
"""Sign-ins without a known device that are inside at once, and those of them that ask the stores."""


class World:
    """One instance of the service. Alice is its only user, until a test adds others."""

    def __init__(
        self, session_policy: SessionPolicy, access_tokens: AccessTokenPolicy, throttle_policy: ThrottlePolicy
    ) -> None:
        self.clock, self.randomness = FakeClock(), FakeRandomness()
        self.codec, self.hasher, self.audit = FakeCodec(), FakeHasher(), FakeAuditTrail()
        self.sessions, self.users, self.clients = FaultySessions(), ChangeableUsers(), ChangeableClients()
        self.events = MemoryAuditEventRepository()
        self.budgets = MemoryAttemptBudgets()
        self.revoked, self.access_tokens = MemoryRevocationList(), access_tokens
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
        self.throttling = Throttling(
            budgets=self.budgets, own=MemoryAttemptBudgets(), clock=self.clock, policy=throttle_policy
        )
        self.admission = Admission(
            users=self.users,
            throttling=self.throttling,
            clock=self.clock,
            audit=self.audit,
            telemetry=Silence(),
            policy=throttle_policy,
            device_lifetime=DEVICE_LIFETIME,
            strangers=STRANGERS,
            asking=ASKING,
        )
        self.rotation = Rotation(
            sessions=self.sessions,
            users=self.users,
            clients=self.clients,
            issuance=self.issuance,
            revocation=self.revocation,
            throttling=self.throttling,
            clock=self.clock,
            randomness=self.randomness,
            audit=self.audit,
            telemetry=Silence(),
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
            budgets=self.budgets,
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
        throttle_policy: ThrottlePolicy | None = None,
    ) -> "World":
        """Return a world that Alice can sign in to."""
        world = cls(
            session_policy or SessionPolicy(),
            access_tokens or AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE),
            throttle_policy or THROTTLE,
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
        self.revoked = MemoryRevocationList()
        policy = self.access_tokens
        self.revocation = Revocation(
            sessions=self.sessions, revoked=self.revoked, clock=self.clock, audit=self.audit, policy=policy
        )
        self.validation = Validation(verifier=self.codec, revoked=self.revoked, clock=self.clock, policy=policy)

    async def open_session(self, user: User = ALICE) -> TokenGrant:
        """Return the tokens of a new session, and forget what was recorded of its opening."""
        granted = await self.issuance.open_session(user, client_id=FIRST_PARTY, requested=None, origin=ORIGIN)
        self.audit.events.clear()
        self.sessions.writes.clear()
        return granted

    async def refresh(self, refresh_token: str, *, requested: str | None = None) -> TokenGrant:
        """Return what the client that sessions belong to gets for a refresh token."""
        return await self.rotation.rotate(refresh_token, client_id=FIRST_PARTY, requested=requested)

    async def refresh_times(self, times: int, granted: TokenGrant) -> list[str]:
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

    def claims(self, granted: TokenGrant) -> AccessTokenClaims:
        """Return what the granted access token says."""
        return self.codec.issued[granted.access_token]


def facts_of(session: Session, at: float = NOW) -> SessionFacts:
    """Return what every event of a session says."""
    return {"at": at, "session_id": session.session_id, "subject": ALICE.subject, "client_id": FIRST_PARTY}
