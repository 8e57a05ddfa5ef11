"""Threads verify tokens with one verifier, while another thread changes its keys."""

import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc.jwk import RSAKey

from app.adapters.jose import compact
from app.adapters.jose.token_codec import JoseTokenCodec
from app.adapters.jose.verified_tokens import VerifiedTokens
from app.adapters.jose.verifier import JoseTokenVerifier
from app.domain.tokens.errors import UnknownSigner
from app.testing.builders import access_token_claims

from .forging import Forger


@pytest.fixture
def many_switches() -> Iterator[None]:
    """Let the interpreter switch between threads as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_a_key_that_is_dropped_during_a_verification_leaves_no_token(
    codec: JoseTokenCodec, forger: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token is not remembered if another thread drops its key while its signature is verified."""
    verifier, token, verify = JoseTokenVerifier.from_jwk_set(codec.jwk_set()), forger.token(), compact.verify

    def slow(token: str, keys: Mapping[str, RSAKey], *, typ: str) -> bytes:
        payload = verify(token, keys, typ=typ)
        verifier.use({})
        return payload

    monkeypatch.setattr(compact, "verify", slow)
    verifier.decode(token)
    with pytest.raises(UnknownSigner):
        verifier.decode(token)


def test_threads_share_the_memory_of_verified_tokens(many_switches: None) -> None:
    """Four threads that add tokens at the same time never fail, and the bound in bytes holds afterwards."""
    claims = access_token_claims()
    measured = VerifiedTokens()
    measured.add("0" * 40, claims)
    tokens = VerifiedTokens(max_bytes=2 * measured.size)
    begin = threading.Barrier(4)

    def add(thread: int) -> None:
        begin.wait()
        for number in range(2_000):
            tokens.add(f"{thread}{number:039}", claims)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(4)))
    assert (len(tokens), tokens.size) == (2, 2 * measured.size)
