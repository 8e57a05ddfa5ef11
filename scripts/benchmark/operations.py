"""The operations that are measured inside one process: cryptographic primitives and Keyturn's code around them.

The functions run in a process of their own (``cores.process_on``), on the measured core.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from itertools import cycle
from typing import Final, cast

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.serialization import load_der_private_key
from dependency_injector import providers
from joserfc.jwk import RSAKey

from app.adapters.jose.verified_tokens import MAX_BYTES
from app.adapters.jose.verifier import JoseTokenVerifier
from app.domain.keys.stored_key import StoredKey
from app.domain.tokens.validation import Validation
from app.service.container import Container
from app.service.settings import Settings

from .population import sessions
from .timing import Operation, cpu_of, repeated

SIGN: Final = "sign"
VERIFY: Final = "verify"
HASH: Final = "hash"
MINT: Final = "mint"
MINT_AMONG_MANY_KEYS: Final = "mint among many keys"
VALIDATE_SEEN: Final = "validate seen"
VALIDATE_NEW: Final = "validate new"

MANY_KEYS: Final = 10

_TOKENS: Final = 2_000


def measure(name: str, seconds: float) -> float:
    """Return the CPU seconds of one operation."""
    return cpu_of(_operation(name), seconds)


@cache
def _operation(name: str) -> Operation:
    return _OPERATIONS[name]()


@cache
def _container() -> Container:
    """Return a container with a signing key."""
    container = Container(settings=Settings())
    asyncio.run(container.key_lifecycle().load())
    return container


@cache
def _raw_key() -> RSAPrivateKey:
    (stored,) = asyncio.run(_container().key_store().load())
    return cast(RSAPrivateKey, load_der_private_key(stored.pkcs8, password=None))


@cache
def _tokens() -> list[str]:
    return [_mint() for _ in range(_TOKENS)]


@cache
def _container_of_many_keys() -> Container:
    """Return a container with ``MANY_KEYS`` keys. The last one signs."""
    container = Container(settings=Settings())
    generator, now = container.key_generator(), time.time()

    class Keys:
        async def load(self) -> Sequence[StoredKey]:
            return stored

    async def make() -> list[StoredKey]:
        return [await generator.generate(published_at=0, activates_at=now - each - 1) for each in range(MANY_KEYS)]

    stored = asyncio.run(make())
    with container.key_store.override(providers.Object(Keys())):
        asyncio.run(container.key_lifecycle().load())
    return container


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


def _mint_one(container: Container) -> Callable[[], Awaitable[str]]:
    (session,) = sessions(1)
    issuer = container.access_token_issuer()

    async def mint() -> str:
        issued = await issuer.issue(
            subject=session.subject,
            client_id=session.client_id,
            scope=session.scope,
            now=time.time(),
            session_id=session.session_id,
            auth_time=int(session.created_at),
            ends_at=session.ends_at(),
        )
        return issued.text

    return mint


@cache
def _minter() -> Callable[[], Awaitable[str]]:
    return _mint_one(_container())


def _mint() -> str:
    return _runner().run(_awaited(_minter()))


async def _awaited(mint: Callable[[], Awaitable[str]], times: int = 1) -> str:
    """Mint ``times`` tokens. Return the last one."""
    text = ""
    for _ in range(times):
        text = await mint()
    return text


def _repeated_on_loop(mint: Callable[[], Awaitable[str]]) -> Operation:
    """Return an operation that mints on the event loop."""

    def run(times: int) -> None:
        _runner().run(_awaited(mint, times))

    return run


def _signing() -> Operation:
    """The signature of an access token: RSASSA-PKCS1-v1_5 with SHA-256."""
    key, message, padding, digest = _raw_key(), _signed_parts()[0], PKCS1v15(), SHA256()
    return repeated(lambda: key.sign(message, padding, digest))


def _verifying() -> Operation:
    """The verification of such a signature."""
    key, padding, digest = _raw_key().public_key(), PKCS1v15(), SHA256()
    message, signature = _signed_parts()
    return repeated(lambda: key.verify(signature, message, padding, digest))


def _signed_parts() -> tuple[bytes, bytes]:
    """Return the signed part of an access token and its signature."""
    message = _mint().rpartition(".")[0].encode()
    return message, _raw_key().sign(message, PKCS1v15(), SHA256())


def _hashing() -> Operation:
    """One verification of a password by Argon2id with the service's default cost."""
    settings = Settings()
    argon2id = Argon2id(
        salt=bytes(16),
        length=32,
        iterations=settings.password_hash_iterations,
        lanes=1,
        memory_cost=settings.password_hash_memory,
    )
    password = b"correct horse battery staple"
    stored = argon2id.derive_phc_encoded(password)
    return repeated(lambda: Argon2id.verify_phc_encoded(password, stored))


def _minting() -> Operation:
    return _repeated_on_loop(_minter())


def _minting_among_many_keys() -> Operation:
    return _repeated_on_loop(_mint_one(_container_of_many_keys()))


def _validating(cache_bytes: int) -> Operation:
    """The validation of all tokens in turn. Each one is a new string, as in a request's header."""
    container = _container()
    published = cast(list[dict[str, str | list[str]]], container.token_codec().jwk_set()["keys"])
    keys = {str(jwk["kid"]): RSAKey.import_key(jwk) for jwk in published}
    verifier = JoseTokenVerifier(cache_bytes=cache_bytes)
    verifier.use(keys)
    validation = Validation(
        verifier=verifier,
        revoked=container.revocation_list(),
        clock=container.clock(),
        policy=Settings().access_token_policy,
    )
    tokens = cycle([token.encode() for token in _tokens()])
    for _ in range(_TOKENS):
        validation.validate(next(tokens).decode())
    return repeated(lambda: validation.validate(next(tokens).decode()))


_OPERATIONS: Final[dict[str, Callable[[], Operation]]] = {
    SIGN: _signing,
    VERIFY: _verifying,
    HASH: _hashing,
    MINT: _minting,
    MINT_AMONG_MANY_KEYS: _minting_among_many_keys,
    VALIDATE_SEEN: lambda: _validating(cache_bytes=MAX_BYTES),
    VALIDATE_NEW: lambda: _validating(cache_bytes=MAX_BYTES // 16),
}
