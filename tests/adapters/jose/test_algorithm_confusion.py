"""Valid signatures of other algorithms are refused (RFC 8725 §2.1, §3.1, §3.2)."""

import hashlib
import hmac
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.adapters.jose.token_codec import JoseTokenCodec
from app.domain.tokens.errors import BadSignature, MalformedToken

from .forging import CLAIMS, Forger, changed, segment

_Sign = Callable[[RSAPrivateKey, bytes], bytes]


def _rs384(key: RSAPrivateKey, signed: bytes) -> bytes:
    return key.sign(signed, PKCS1v15(), SHA384())


def _ps256(key: RSAPrivateKey, signed: bytes) -> bytes:
    return key.sign(signed, PSS(mgf=MGF1(SHA256()), salt_length=32), SHA256())


def _hs256(encoding: Encoding, public_format: PublicFormat) -> _Sign:
    def sign(key: RSAPrivateKey, signed: bytes) -> bytes:
        secret = key.public_key().public_bytes(encoding, public_format)
        return hmac.new(secret, signed, hashlib.sha256).digest()

    return sign


def _hs256_with_modulus(key: RSAPrivateKey, signed: bytes) -> bytes:
    secret = key.public_key().public_numbers().n.to_bytes(256, "big")
    return hmac.new(secret, signed, hashlib.sha256).digest()


_OTHERS = [
    pytest.param("RS384", _rs384, id="RS384"),
    pytest.param("PS256", _ps256, id="PS256"),
    pytest.param("HS256", _hs256(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), id="HS256 with the public PEM"),
    pytest.param("HS256", _hs256(Encoding.PEM, PublicFormat.PKCS1), id="HS256 with the PKCS #1 PEM"),
    pytest.param("HS256", _hs256(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), id="HS256 with the public DER"),
    pytest.param("HS256", _hs256_with_modulus, id="HS256 with the modulus"),
    pytest.param("none", lambda _key, _signed: b"\x00", id="none"),
]


@pytest.mark.parametrize(("algorithm", "sign"), _OTHERS)
def test_another_algorithm_is_refused(codec: JoseTokenCodec, forger: Forger, algorithm: str, sign: _Sign) -> None:
    """A token of another algorithm that its header names is malformed."""
    with pytest.raises(MalformedToken):
        codec.decode(_token(forger, changed(forger.header, "alg", algorithm), sign))


@pytest.mark.parametrize(("algorithm", "sign"), _OTHERS)
def test_another_algorithm_called_rs256_is_refused(
    codec: JoseTokenCodec, forger: Forger, algorithm: str, sign: _Sign
) -> None:
    """A token of another algorithm whose header says RS256 has a bad signature."""
    with pytest.raises(BadSignature):
        codec.decode(_token(forger, forger.header, sign))


def _token(forger: Forger, header: object, sign: _Sign) -> str:
    signed = f"{segment(header)}.{segment(CLAIMS)}"
    return f"{signed}.{segment(sign(forger.private_key, signed.encode()))}"
