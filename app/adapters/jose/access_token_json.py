"""Read the claims of an access token from JSON (RFC 9068 §2.2)."""

from collections.abc import Mapping
from typing import TypeVar, cast

from ...domain.identifiers import ClientId, Subject, parse_session_id
from ...domain.scope import InvalidScope, Scope
from ...domain.tokens.claims import AccessTokenClaims
from .. import strict_json

_T = TypeVar("_T", str, int)


def load(raw: bytes) -> AccessTokenClaims:
    """Return the claims in ``raw``; raises ``ValueError`` if one is missing or of another type.

    Other claims are ignored (RFC 7519 §4).
    """
    members = strict_json.loads(raw)
    if not isinstance(members, dict):
        raise ValueError("the claims are not an object")  # noqa: TRY004  # the fault is in the text
    sid = _optional(members, "sid", str)
    auth_time = _optional(members, "auth_time", int)
    if (sid is None) != (auth_time is None):
        raise ValueError("sid and auth_time belong together")
    return AccessTokenClaims(
        issuer=_required(members, "iss", str),
        subject=Subject(_required(members, "sub", str)),
        audience=_audience(members.get("aud")),
        client_id=ClientId(_required(members, "client_id", str)),
        issued_at=_required(members, "iat", int),
        expires_at=_required(members, "exp", int),
        token_id=_required(members, "jti", str),
        scope=_scope(_required(members, "scope", str)),
        session_id=None if sid is None else parse_session_id(sid),
        auth_time=auth_time,
    )


def _required(members: Mapping[str, object], name: str, kind: type[_T]) -> _T:
    value = members.get(name)
    if type(value) is not kind:
        raise ValueError(f"{name} is missing or of another type")
    return value


def _optional(members: Mapping[str, object], name: str, kind: type[_T]) -> _T | None:
    return _required(members, name, kind) if name in members else None


def _audience(value: object) -> tuple[str, ...]:
    audience = value if isinstance(value, list) else [value]
    if not audience or not all(isinstance(each, str) for each in audience):
        raise ValueError("aud is missing or of another type")
    return tuple(cast(list[str], audience))


def _scope(text: str) -> Scope:
    try:
        return Scope.parse(text)
    except InvalidScope as error:
        raise ValueError("scope is malformed") from error
