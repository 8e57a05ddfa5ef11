"""One instance of the service on fakes, and the acts that many tests need."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final, Self

from ..domain.audit.events import SessionFacts
from ..domain.identifiers import FIRST_PARTY, ClientId
from ..domain.keys.signing_key import SigningKey
from ..domain.keys.stored_key import StoredKey
from ..domain.login.user import User
from ..domain.rate_limits.policy import RateLimitPolicy
from ..domain.requester import Requester
from ..domain.sessions import ratchet
from ..domain.sessions.issuing import IssuedTokens
from ..domain.sessions.session import Session, SessionPolicy
from ..domain.tokens.claims import AccessTokenClaims
from ..domain.tokens.policy import AccessTokenPolicy
from ..domain.tokens.revocation_list import RevocationList
from .builders import ALICE, AUDIENCE, ISSUER, RATE_LIMITS
from .services import Services
from .system import NOW

REQUESTER: Final = Requester(address="192.0.2.7", device="Firefox")
OTHER_CLIENT: Final = ClientId("another-client")


class World(Services):
    """One instance of the service. Alice is the only user, until a test adds others."""

    @classmethod
    async def create(
        cls,
        *,
        session_policy: SessionPolicy | None = None,
        access_tokens: AccessTokenPolicy | None = None,
        rate_limit_policy: RateLimitPolicy | None = None,
    ) -> Self:
        """Return a world that has loaded its keys, and that Alice can log in to."""
        world = cls(
            session_policy or SessionPolicy(),
            access_tokens or AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE),
            rate_limit_policy or RATE_LIMITS,
        )
        await world.keys.load()
        await world.users.add(ALICE)
        return world

    async def use_keys(self, *keys: SigningKey) -> None:
        """Replace the signing keys."""
        self.key_store.stored = tuple(StoredKey(key, b"") for key in keys)
        await self.keys.load()

    def restart(self) -> None:
        """Restart the instance: its memory is empty afterwards, the stores stay, and the services are built again."""
        self.revoked = RevocationList()
        services = [name for name, member in vars(Services).items() if isinstance(member, cached_property)]
        for name in services:
            self.__dict__.pop(name, None)

    async def open_session(
        self, user: User = ALICE, *, requested_scope: str | None = None, targets: Sequence[str] = ()
    ) -> IssuedTokens:
        """Return the tokens of a new session. Afterwards the audit trail and the list of writes are empty."""
        issued = await self.session_opening.open_session(
            subject=user.subject,
            scope=user.scope.narrowed_to(requested_scope) if requested_scope else user.scope,
            credential_version=user.credential_version,
            client_id=FIRST_PARTY,
            requester=REQUESTER,
            targets=targets,
        )
        self._clear_records()
        return issued

    async def refresh(
        self,
        refresh_token: str,
        *,
        requester: Requester = REQUESTER,
        requested_scope: str | None = None,
        targets: Sequence[str] = (),
    ) -> IssuedTokens:
        """Return the new tokens when the session's own client presents ``refresh_token``."""
        return await self.rotation.rotate(
            refresh_token,
            client_id=FIRST_PARTY,
            requester=requester,
            requested_scope=requested_scope,
            targets=targets,
        )

    async def refresh_times(self, times: int, issued: IssuedTokens) -> list[str]:
        """Rotate ``times`` times; return the refresh tokens of all generations, the oldest first."""
        texts = [issued.refresh_token]
        for _ in range(times):
            texts.append((await self.refresh(texts[-1])).refresh_token)
        self._clear_records()
        return texts

    async def replace_twice(self, issued: IssuedTokens) -> list[str]:
        """Rotate twice, and let the replay window pass: the first two of the returned refresh tokens are outdated."""
        texts = await self.refresh_times(2, issued)
        self.clock.advance(self.session_policy.replay_window)
        return texts

    async def stored(self, refresh_token: str) -> Session:
        """Return the stored session of ``refresh_token``."""
        session = await self.sessions.find(ratchet.parse(refresh_token).session_id)
        assert session is not None
        return session

    def claims(self, issued: IssuedTokens) -> AccessTokenClaims:
        """Return the claims of the issued access token."""
        return self.codec.issued[issued.access_token]

    def _clear_records(self) -> None:
        self.audit.events.clear()
        self.sessions.writes.clear()


def facts_of(session: Session, at: float = NOW) -> SessionFacts:
    """Return the fields that every event of a session of Alice has."""
    return {"at": at, "session_id": session.session_id, "subject": ALICE.subject, "client_id": FIRST_PARTY}
