"""The fakes pass the same kit as the adapters."""

from collections.abc import Sequence

from app.contracts.audit_record_repository import AuditRecordRepositoryContract
from app.contracts.client_repository import ClientRepositoryContract
from app.contracts.rate_limit_repository import RateLimitRepositoryContract
from app.contracts.session_repository import SessionRepositoryContract
from app.contracts.session_sweeper import SessionSweeperContract
from app.contracts.signer import SignerContract
from app.contracts.user_repository import UserRepositoryContract
from app.domain.keys.signing_key import SigningKey
from app.domain.keys.stored_key import StoredKey
from app.ports.signer import Signer
from app.testing.audit import FakeAuditRecordRepository
from app.testing.clients import FakeClientRepository
from app.testing.faults import FaultySessionRepository, FaultySigner, FaultyUserRepository
from app.testing.rate_limits import FakeRateLimitRepository
from app.testing.sessions import FakeSessionRepository
from app.testing.signer import FakeSigner, fake_signature
from app.testing.users import FakeUserRepository


class TestFakeSessionRepository(SessionRepositoryContract, SessionSweeperContract):
    """The fake for sessions passes the kit."""

    async def connections(self, n: int) -> Sequence[FakeSessionRepository]:
        return [FakeSessionRepository()] * n


class TestFaultySessionRepository(SessionRepositoryContract, SessionSweeperContract):
    """The sessions that a test can interrupt pass the kit while no test interrupts them."""

    async def connections(self, n: int) -> Sequence[FaultySessionRepository]:
        return [FaultySessionRepository()] * n


class TestFakeUserRepository(UserRepositoryContract):
    """The fake for users passes the kit."""

    async def connections(self, n: int) -> Sequence[FakeUserRepository]:
        return [FakeUserRepository()] * n


class TestFaultyUserRepository(UserRepositoryContract):
    """The users that a test can interrupt pass the kit while no test interrupts them."""

    async def connections(self, n: int) -> Sequence[FaultyUserRepository]:
        return [FaultyUserRepository()] * n


class TestFakeClientRepository(ClientRepositoryContract):
    """The fake for clients passes the kit."""

    async def connections(self, n: int) -> Sequence[FakeClientRepository]:
        return [FakeClientRepository()] * n


class TestFakeRateLimitRepository(RateLimitRepositoryContract):
    """The fake for rate limits passes the kit."""

    async def connections(self, n: int) -> Sequence[FakeRateLimitRepository]:
        return [FakeRateLimitRepository()] * n


class TestFakeAuditRecordRepository(AuditRecordRepositoryContract):
    """The fake for audit records passes the kit."""

    async def connections(self, n: int) -> Sequence[FakeAuditRecordRepository]:
        return [FakeAuditRecordRepository()] * n


class TestFakeSigner(SignerContract):
    """The fake signer passes the kit."""

    async def connections(self, n: int) -> Sequence[Signer]:
        return [FakeSigner()] * n

    def keys(self) -> Sequence[StoredKey]:
        return [StoredKey(SigningKey(kid), b"") for kid in ("First", "Second")]

    def matches(self, key: StoredKey, message: bytes, signature: bytes) -> bool:
        return signature == fake_signature(key.key.kid, message)


class TestFaultySigner(TestFakeSigner):
    """The signer that a test can interrupt passes the kit while no test interrupts it."""

    async def connections(self, n: int) -> Sequence[Signer]:
        return [FaultySigner()] * n
