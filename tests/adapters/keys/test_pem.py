"""Private keys in PEM: those that are read, and the errors for the others (SPEC.md §6)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from app.adapters.keys.pem import read_private_key
from app.adapters.keys.rsa_key import thumbprint, to_stored_key
from app.domain import base64url
from app.domain.errors import ConfigurationError

from .writing import PASSPHRASE, all_texts, encrypted, pkcs1, pkcs8, secrets_in

_VECTORS: Final = Path(__file__).parents[2] / "vectors"
_Make = Callable[[RSAPrivateKey], bytes]


def _rsa(bits: int, exponent: int = 65537) -> _Make:
    return lambda _: pkcs8(generate_private_key(public_exponent=exponent, key_size=bits))


def _public(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _cut_short(key: RSAPrivateKey) -> bytes:
    return pkcs8(key)[:900] + b"\n-----END PRIVATE KEY-----\n"


def _openssh(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


_REFUSED: dict[str, tuple[_Make, str | None, str]] = {
    "RSA-1024": (_rsa(1024), None, r"RSA key of 1024 bits; use one of 2048 to 4096 .*keys generate"),
    "e = 3": (_rsa(2048, exponent=3), None, r"public exponent 3; make a key with 65537 .*keys generate"),
    "ROCA": (lambda _: (_VECTORS / "roca" / "rsa_2048.pem").read_bytes(), None, r"ROCA.*make a new key.*keys generate"),
    "EC": (lambda _: pkcs8(generate_ec_key(SECP256R1())), None, r"is not an RSA key.*keys generate"),
    "empty": (lambda _: b"", None, r"not PEM: it has no line '-----BEGIN PRIVATE KEY-----'"),
    "garbage": (lambda _: b"\x00\xff\x80garbage" * 99, None, r"not PEM"),
    "DER": (lambda key: to_stored_key(key).pkcs8, None, r"not PEM"),
    "base64 alone": (lambda key: b"".join(pkcs8(key).splitlines()[1:-1]), None, r"not PEM"),
    "cut short": (_cut_short, None, r"damaged, incomplete or of an unknown type\.$"),
    "without its end": (lambda key: pkcs8(key)[:-10], None, r"incomplete"),
    "without its middle": (lambda key: pkcs8(key)[:200] + pkcs8(key)[600:], None, r"damaged"),
    "garbage in PEM": (lambda _: b"-----BEGIN PRIVATE KEY-----\n????\n-----END PRIVATE KEY-----\n", None, r"damaged"),
    "public": (_public, None, r"cannot be read as a private key"),
    "OpenSSH": (_openssh, None, r"of an unknown type"),
    "encrypted, no passphrase": (encrypted, None, r"is encrypted; give its passphrase in KEYTURN_KEY_PASSPHRASE"),
    "encrypted, empty passphrase": (encrypted, "", r"is encrypted; give its passphrase in KEYTURN_KEY_PASSPHRASE"),
    "encrypted, wrong passphrase": (encrypted, "wr0ng-horse", r"or KEYTURN_KEY_PASSPHRASE is not its passphrase"),
    "PKCS #1 encrypted, no passphrase": (
        lambda key: encrypted(key, PrivateFormat.TraditionalOpenSSL), None, r"is encrypted; give its passphrase"
    ),
    "passphrase for an unencrypted key": (pkcs8, PASSPHRASE, r"is not encrypted; leave KEYTURN_KEY_PASSPHRASE unset"),
}  # fmt: skip

_ACCEPTED: dict[str, tuple[_Make, str | None]] = {
    "PKCS #8": (pkcs8, None),
    "PKCS #1": (pkcs1, None),
    "CRLF": (lambda key: pkcs8(key).replace(b"\n", b"\r\n"), None),
    "encrypted": (encrypted, PASSPHRASE),
    "encrypted, CRLF": (lambda key: encrypted(key).replace(b"\n", b"\r\n"), PASSPHRASE),
    "PKCS #1 encrypted": (lambda key: encrypted(key, PrivateFormat.TraditionalOpenSSL), PASSPHRASE),
    "text around it": (lambda key: b"a comment\n" + pkcs8(key) + b"\n\n", None),
    "no line end": (lambda key: pkcs8(key).rstrip(), None),
}


@pytest.mark.parametrize(("make", "passphrase", "message"), list(_REFUSED.values()), ids=list(_REFUSED))
def test_an_unfit_key_is_refused(private_key: RSAPrivateKey, make: _Make, passphrase: str | None, message: str) -> None:
    """The error names the source and the fault and says what to do. It shows nothing of the key or the passphrase."""
    pem = make(private_key)
    with pytest.raises(ConfigurationError, match=message) as refusal:
        read_private_key(pem, passphrase=passphrase, source="THE-SOURCE")
    assert str(refusal.value).startswith("THE-SOURCE ")
    texts = all_texts(refusal.value)
    assert [secret for secret in (*secrets_in(pem), "wr0ng-horse") if secret in texts] == []


@pytest.mark.parametrize(("make", "passphrase"), list(_ACCEPTED.values()), ids=list(_ACCEPTED))
def test_a_fit_key_is_read(private_key: RSAPrivateKey, make: _Make, passphrase: str | None) -> None:
    """Each form in which tools write a private key gives the same key."""
    stored = read_private_key(make(private_key), passphrase=passphrase, source="S", activates_at=5.0)
    assert stored == to_stored_key(private_key, activates_at=5.0)


def test_a_larger_key_is_read() -> None:
    """A key of 3,072 bits is accepted."""
    stored = read_private_key(_rsa(3072)(None), passphrase=None, source="S")  # type: ignore[arg-type]  # it needs no key
    private_key = load_der_private_key(stored.pkcs8, password=None)
    assert isinstance(private_key, RSAPrivateKey)
    assert private_key.key_size == 3072


def test_a_stored_key_has_thumbprint_and_private_key(private_key: RSAPrivateKey) -> None:
    """The kid is the thumbprint, and the private key is PKCS #8 in DER."""
    stored = to_stored_key(private_key)
    assert stored.key.kid == thumbprint(private_key.public_key().public_numbers())
    read = load_der_private_key(stored.pkcs8, password=None)
    assert isinstance(read, RSAPrivateKey)
    assert read.private_numbers() == private_key.private_numbers()


def test_the_thumbprint_of_rfc_7638() -> None:
    """The example key of RFC 7638 has the thumbprint of §3.1."""
    example = json.loads((_VECTORS / "keys" / "rfc7638.json").read_text("utf-8"))
    modulus, exponent = (int.from_bytes(base64url.decode(example["jwk"][name]), "big") for name in ("n", "e"))
    assert thumbprint(RSAPublicNumbers(exponent, modulus)) == example["thumbprint"]
