"""Access-token claims as JSON (RFC 9068 §2.2)."""

import json
from collections.abc import Mapping
from typing import TypeVar, cast

from ...domain.identifiers import ClientId, Subject, format_session_id, parse_session_id
from ...domain.scope import InvalidScope, Scope
from ...domain.tokens.claims import AccessTokenClaims
from .. import strict_json

_Kind = TypeVar("_Kind", str, int)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump(claims: AccessTokenClaims) -> bytes:
    """Return ``claims`` as a JSON object; a single audience stands as a string (RFC 7519 §4.1.3)."""
    members: dict[str, object] = {
        "iss": claims.issuer,
        "sub": claims.subject,
        "aud": claims.audience[0] if len(claims.audience) == 1 else list(claims.audience),
        "client_id": claims.client_id,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
        "jti": claims.token_id,
        "scope": str(claims.scope),
    }
    if claims.session_id is not None:
        members["sid"] = format_session_id(claims.session_id)
        members["auth_time"] = claims.auth_time
    return _encode(members).encode()


def load(raw: bytes) -> AccessTokenClaims:
    """Return the claims that ``raw`` lists; raises ``ValueError`` if one is missing or of another type.

    Claims that are not of an access token are ignored (RFC 7519 §4).
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


def _required(members: Mapping[str, object], name: str, kind: type[_Kind]) -> _Kind:
    value = members.get(name)
    if type(value) is not kind:
        raise ValueError(f"{name} is missing or of another type")
    return value


def _optional(members: Mapping[str, object], name: str, kind: type[_Kind]) -> _Kind | None:
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
