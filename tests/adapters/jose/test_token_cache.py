"""The cache of verified tokens saves work and never changes an answer."""

from collections.abc import Mapping

import pytest
from joserfc.jwk import RSAKey

from app.adapters.jose import compact
from app.adapters.jose.token_codec import JoseTokenCodec
from app.adapters.jose.verified_tokens import MAX_BYTES
from app.adapters.jose.verifier import JoseTokenVerifier
from app.domain.keys.stored_key import StoredKey
from app.domain.tokens.errors import BadSignature, InvalidToken
from app.testing.builders import access_token_claims

from .forging import CLAIMS, Forger, changed, issue, segment


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the tokens whose signatures were verified, in order."""
    verified = []
    verify = compact.verify

    def counting(token: str, keys: Mapping[str, RSAKey], *, typ: str) -> bytes:
        verified.append(token)
        return verify(token, keys, typ=typ)

    monkeypatch.setattr(compact, "verify", counting)
    return verified


def _verifier(codec: JoseTokenCodec, cache_bytes: int = MAX_BYTES) -> JoseTokenVerifier:
    verifier = JoseTokenVerifier(cache_bytes=cache_bytes)
    verifier.use(JoseTokenVerifier.from_jwk_set(codec.jwk_set())._keys)
    return verifier


def _tokens(forger: Forger, count: int) -> list[str]:
    return [forger.token(payload=changed(CLAIMS, "jti", f"token-{number}")) for number in range(count)]


def test_a_signature_is_verified_once(codec: JoseTokenCodec, forger: Forger, verifications: list[str]) -> None:
    """A token that is decoded again is not verified again, and has the same claims."""
    verifier, token = _verifier(codec), forger.token()
    assert [verifier.decode(token) for _ in range(3)] == [access_token_claims()] * 3
    assert verifications == [token]


@pytest.mark.parametrize("fitting", [0, 1, 3])
def test_the_cache_is_bounded(codec: JoseTokenCodec, forger: Forger, verifications: list[str], fitting: int) -> None:
    """The cache never exceeds its size: the oldest token is removed first, and verified again when it returns."""
    tokens = _tokens(forger, 5)
    measured = _verifier(codec)
    measured.decode(tokens[0])
    verifier = _verifier(codec, fitting * measured._cache.size)
    for token in tokens:
        verifier.decode(token)
        assert len(verifier._cache) <= fitting
    verifications.clear()
    for token in reversed(tokens):
        verifier.decode(token)
    assert verifications == list(reversed(tokens[: 5 - fitting]))


def test_only_verified_tokens_are_cached(codec: JoseTokenCodec, forger: Forger, other_key: StoredKey) -> None:
    """A refused token is not cached, so nobody can fill the cache with tokens of their own."""
    verifier = _verifier(codec)
    good = forger.token()
    forger_of_other_key = Forger(other_key)
    verifier.decode(good)
    for refused in (
        good[:-8] + "AAAAAAAA",
        f"{good}=",
        forger_of_other_key.token(),
        forger_of_other_key.token(forger.header),
        forger.token(payload={}),
        forger.token(changed(forger.header, "typ", "JWT")),
        f"{segment(forger.header)}.{segment(CLAIMS)}.{segment(b'')}",
    ):
        with pytest.raises(InvalidToken):
            verifier.decode(refused)
        assert (len(verifier._cache), verifier._cache.get(refused)) == (1, None)


def test_a_token_that_is_decoded_once_is_not_cached(
    codec: JoseTokenCodec, forger: Forger, verifications: list[str]
) -> None:
    """``decode_once`` verifies a token every time, and leaves nothing in the cache."""
    token = forger.token(payload=changed(CLAIMS, "jti", "decoded-once"))
    assert [codec.decode_once(token).token_id for _ in range(2)] == ["decoded-once"] * 2
    assert verifications == [token] * 2
    assert codec._verifier._cache.get(token) is None
    with pytest.raises(BadSignature):
        codec.decode_once(token[:-8] + "AAAAAAAA")


def test_a_refused_token_is_verified_again(codec: JoseTokenCodec, forger: Forger, verifications: list[str]) -> None:
    """A token with a bad signature is verified and refused every time."""
    verifier, token = _verifier(codec), forger.token()[:-8] + "AAAAAAAA"
    for _ in range(2):
        with pytest.raises(BadSignature):
            verifier.decode(token)
    assert verifications == [token] * 2


def test_removing_a_key_refuses_its_cached_tokens(key: StoredKey, other_key: StoredKey) -> None:
    """A codec with other keys refuses a token that it had verified before."""
    codec = JoseTokenCodec()
    codec.install([key, other_key])
    token = issue(codec, key, access_token_claims())
    assert codec.decode(token) == access_token_claims()
    codec.install([other_key])
    with pytest.raises(BadSignature):
        codec.decode(token)
    codec.install([key])
    assert codec.decode(token) == access_token_claims()


def test_new_keys_clear_the_cache_of_a_verifier(codec: JoseTokenCodec, forger: Forger) -> None:
    """A verifier with other keys has an empty cache, and refuses a token that it had verified before."""
    verifier, token = _verifier(codec), forger.token()
    verifier.decode(token)
    verifier.use({})
    assert (len(verifier._cache), verifier._cache.size) == (0, 0)
    with pytest.raises(BadSignature):
        verifier.decode(token)
