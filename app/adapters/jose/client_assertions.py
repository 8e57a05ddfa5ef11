"""Read client assertions (RFC 7523). They are signed with RS256, PS256 or ES256."""

from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from ...domain import base64url
from ...domain.clients.presented_credential import AssertionClaims
from ...domain.clients.refusal import ClientRefusal
from ...domain.errors import FieldError, InvalidClient, InvalidRequest
from ...domain.identifiers import ClientId
from ...ports.client_assertion_reader import ClientAssertionReader
from .. import strict_json

ALGORITHMS: Final = ("ES256", "PS256", "RS256")

_MAX_LENGTH: Final = 8_192
_MAX_KEYS: Final = 20
_RSA_BITS: Final = range(2048, 4096 + 1)
_CURVE: Final = "P-256"
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_HEADER: Final = frozenset({"alg", "kid", "typ"})
_UNREADABLE: Final = (JoseError, ValueError, TypeError, KeyError)


class JoseClientAssertionReader(ClientAssertionReader):
    """Reads headers and claims strictly, and verifies signatures with joserfc."""

    def claimed_client(self, assertion: str) -> ClientId:
        _, claims, _ = _segments(assertion)
        return ClientId(_text(claims, "sub"))

    def verify(self, assertion: str, jwks: str) -> AssertionClaims:
        header, claims, _ = _segments(assertion)
        if not header.keys() <= _HEADER or header.get("alg") not in ALGORITHMS:
            raise InvalidClient(reason=ClientRefusal.WRONG_HEADER)
        if not any(_is_signed_by(assertion, header, key) for key in _keys(jwks)):
            raise InvalidClient(reason=ClientRefusal.WRONG_SIGNATURE)
        return AssertionClaims(
            issuer=_text(claims, "iss"),
            subject=_text(claims, "sub"),
            audience=_audience(claims.get("aud")),
            expires_at=_numeric_date(claims, "exp"),
            token_id=_text(claims, "jti"),
            not_before=_numeric_date(claims, "nbf") if "nbf" in claims else 0,
        )

    def check_keys(self, jwks: str) -> None:
        try:
            keys = _keys(jwks)
        except _UNREADABLE as error:
            raise _unfit_keys() from error
        if not 1 <= len(keys) <= _MAX_KEYS or not all(_is_fit(key) for key in keys):
            raise _unfit_keys()


def _unfit_keys() -> InvalidRequest:
    fault = "must be a JWK Set of 1 to 20 public keys: RSA of 2048 to 4096 bits, or EC of P-256"
    return InvalidRequest("A field is missing or wrong.", errors=[FieldError("jwks", fault)])


def _keys(jwks: str) -> list[Any]:
    members = strict_json.loads(jwks.encode())
    if not isinstance(members, dict) or not isinstance(members.get("keys"), list):
        raise ValueError("not a JWK Set")  # noqa: TRY004  # the fault is in the text
    if any(not isinstance(each, dict) or _PRIVATE & each.keys() for each in members["keys"]):
        raise ValueError("not public keys")
    return list(KeySet.import_key_set(members).keys)  # type: ignore[arg-type]  # joserfc checks it


def _is_fit(key: object) -> bool:
    if isinstance(key, RSAKey):
        numbers = key.public_key.public_numbers()
        return key.public_key.key_size in _RSA_BITS and numbers.e == 65_537  # noqa: PLR2004  # the exponent F4
    return isinstance(key, ECKey) and key.curve_name == _CURVE


def _is_signed_by(assertion: str, header: dict[str, object], key: Any) -> bool:
    """Return whether ``key`` verifies the signature. Keys with another ``kid`` than the header's are not tried."""
    fits = isinstance(key, ECKey) == (header["alg"] == "ES256")
    if not fits or ("kid" in header and key.kid is not None and header["kid"] != key.kid):
        return False
    try:
        jws.deserialize_compact(assertion, key, algorithms=[str(header["alg"])])
    except _UNREADABLE:
        return False
    return True


def _segments(assertion: str) -> tuple[dict[str, object], dict[str, object], bytes]:
    """Return the header, the claims and the signature of an assertion; raises ``InvalidClient``."""
    try:
        header, claims, signature = map(base64url.decode, assertion[: _MAX_LENGTH + 1].split("."))
        read = strict_json.loads(header), strict_json.loads(claims)
    except ValueError as error:
        raise InvalidClient(reason=ClientRefusal.MALFORMED_ASSERTION) from error
    if len(assertion) > _MAX_LENGTH or not isinstance(read[0], dict) or not isinstance(read[1], dict):
        raise InvalidClient(reason=ClientRefusal.MALFORMED_ASSERTION)
    return read[0], read[1], signature


def _text(claims: dict[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidClient(reason=ClientRefusal.WRONG_CLAIM)
    return value


def _numeric_date(claims: dict[str, object], name: str) -> int:
    """Return a NumericDate (RFC 7519 §2) without its fraction."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidClient(reason=ClientRefusal.WRONG_CLAIM)
    return int(value)


def _audience(value: object) -> tuple[str, ...]:
    audience = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in audience):
        raise InvalidClient(reason=ClientRefusal.WRONG_CLAIM)
    return tuple(str(each) for each in audience)
