"""Fakes for the ports that the domain tests need beside the in-memory adapters. Standard library only."""

import asyncio
from collections.abc import Mapping, Sequence

from app.domain.audit.events import AuditEvent
from app.domain.keys.signing_key import SigningKey
from app.domain.keys.stored_key import StoredKey
from app.domain.login.errors import HashingAbandoned, HashingOverloaded
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.errors import BadSignature, MalformedToken
from app.domain.tokens.feed import Feed

from .builders import NOW


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = NOW) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


class FakeRandomness:
    """Counts: every draw differs from all before, and a run is the same each time."""

    def __init__(self) -> None:
        self.draws = 0

    def token_bytes(self, length: int) -> bytes:
        self.draws += 1
        return self.draws.to_bytes(length, "big")


class FakeCodec:
    """Keeps the claims of each token that it made; its tokens are names."""

    def __init__(self, *keys: SigningKey) -> None:
        self.installed: tuple[SigningKey, ...] = keys or (SigningKey("kid-1"),)
        self.issued: dict[str, AccessTokenClaims] = {}
        self.kids: list[str] = []
        self.feeds: dict[str, Feed] = {}

    def install(self, keys: Sequence[StoredKey]) -> None:
        self.installed = tuple(stored.key for stored in keys)

    def keys(self) -> Sequence[SigningKey]:
        return self.installed

    def encode(self, claims: AccessTokenClaims, *, kid: str) -> str:
        token = f"access-token-{len(self.issued) + 1}"
        self.issued[token] = claims
        self.kids.append(kid)
        return token

    def decode(self, token: str) -> AccessTokenClaims:
        if not token.startswith("access-token-"):
            raise MalformedToken
        if token not in self.issued:
            raise BadSignature
        return self.issued[token]

    def encode_feed(self, feed: Feed, *, kid: str) -> str:
        text = f"feed-{len(self.feeds) + 1}-by-{kid}"
        self.feeds[text] = feed
        return text

    def jwk_set(self) -> Mapping[str, object]:
        return {"keys": [{"kid": key.kid} for key in self.installed]}


class FakeHasher:
    """Hashes to ``plain:PASSWORD`` and counts; outdated hashes begin with ``old:``. Until ``open`` is set, passwords
    wait to be verified; ``reserved`` tells for which a place was reserved.
    """

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.reserved: list[bool] = []
        self.verifications = 0
        self.hashes = 0
        self.overloaded = False

    async def hash(self, password: str) -> str:
        if self.overloaded:
            raise HashingOverloaded
        self.hashes += 1
        return f"plain:{password}"

    async def verify(self, password: str, hashed: str, *, reserved: bool = False) -> bool:
        self.reserved.append(reserved)
        try:
            await self.open.wait()
        except asyncio.CancelledError as cancelled:
            raise HashingAbandoned from cancelled
        self.verifications += 1
        return hashed.partition(":")[2] == password

    async def verify_dummy(self, password: str) -> None:
        await self.verify(password, "")

    def can_verify(self, hashed: str) -> bool:
        return ":" in hashed

    def is_outdated(self, hashed: str) -> bool:
        return hashed.startswith("old:")


class FakeCommonPasswords:
    """Knows two."""

    def __contains__(self, password: str) -> bool:
        return password.casefold() in {"password1", "iloveyou!"}


class FakeKeyStore:
    """Holds the keys it is given."""

    def __init__(self, *keys: StoredKey) -> None:
        self.stored = keys

    async def load(self) -> Sequence[StoredKey]:
        return self.stored


class FakeAuditTrail:
    """Remembers the events."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)

    def kinds(self) -> list[type[AuditEvent]]:
        return [type(event) for event in self.events]


class FakeKeyRing:
    """Holds keys in a list; each method is one act."""

    def __init__(self, *keys: StoredKey) -> None:
        self.stored = list(keys)
        self.loads = 0

    async def load(self) -> Sequence[StoredKey]:
        self.loads += 1
        return tuple(self.stored)

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        ordered = sorted(self.stored, key=lambda each: each.key.activates_at)
        if (ordered[-1].key.kid if ordered else None) != follows:
            return False
        self.stored.append(stored)
        return True

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        for place, each in enumerate(self.stored):
            if (each.key.kid, each.key.activates_at) == (kid, expected):
                self.stored[place] = StoredKey(SigningKey(kid, activates_at, each.key.published_at), each.pkcs8)
                return True
        return False

    async def remove(self, kid: str) -> bool:
        left = [each for each in self.stored if each.key.kid != kid]
        removed = len(left) < len(self.stored)
        self.stored = left
        return removed


class FakeKeyGenerator:
    """Counts: the keys are named for their numbers."""

    def __init__(self) -> None:
        self.made = 0

    async def generate(self, *, published_at: float, activates_at: float) -> StoredKey:
        self.made += 1
        return StoredKey(SigningKey(f"key-{self.made}", activates_at, published_at), b"")
