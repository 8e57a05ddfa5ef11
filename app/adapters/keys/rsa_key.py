"""Generate RSA keys, and convert them to the domain's signing keys."""

import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ...domain import base64url
from ...domain.keys.signing_key import SigningKey
from ...domain.keys.stored_key import StoredKey
from .fitness import PUBLIC_EXPONENT


def generate_rsa_key(bits: int) -> RSAPrivateKey:
    """Return a new RSA key with a modulus of ``bits``."""
    return generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=bits)


def sign_rs256(private_key: RSAPrivateKey, message: bytes) -> bytes:
    """Return the signature of a message by RS256 (RFC 7518 §3.3)."""
    return private_key.sign(message, PKCS1v15(), SHA256())


def to_stored_key(private_key: RSAPrivateKey, *, activates_at: float = 0.0, published_at: float = 0.0) -> StoredKey:
    """Return the key as the domain's ``StoredKey``, with its thumbprint as ``kid``."""
    pkcs8 = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public_key = private_key.public_key()
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return StoredKey(SigningKey(thumbprint(public_key.public_numbers()), activates_at, published_at), pkcs8, spki)


def thumbprint(numbers: RSAPublicNumbers) -> str:
    """Return the SHA-256 JWK thumbprint of a public key (RFC 7638 §3)."""
    members = {"e": _base64url_uint(numbers.e), "kty": "RSA", "n": _base64url_uint(numbers.n)}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return base64url.encode(hashlib.sha256(canonical.encode()).digest())


def _base64url_uint(number: int) -> str:
    """Return a Base64urlUInt (RFC 7518 §2)."""
    return base64url.encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))
