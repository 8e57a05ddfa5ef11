"""An issuer for the tests of guarded applications: it signs tokens with any claims, and makes guards that trust it."""

import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ..adapters.jose.token_codec import JoseTokenCodec
from ..adapters.keys.rsa_key import generate_rsa_key, sign_rs256, to_stored_key
from ..domain import base64url
from ..domain.identifiers import FIRST_PARTY, SESSION_ID_BYTES, parse_session_id
from ..domain.tokens.revocation_list import RevocationList
from ..domain.tokens.revoked_session import RevokedSession
from ..guard.token_checks import TokenChecks, fixed_checks

if TYPE_CHECKING:
    from ..adapters.guards.aiohttp import Guard
    from ..adapters.guards.asgi import AsgiGuard
    from ..adapters.guards.grpc import GrpcGuard
    from ..adapters.guards.mcp import McpGuard
    from ..adapters.guards.wsgi import WsgiGuard

_KEY_BITS: Final = 2048
_LIFETIME: Final = 900
_AGE_OF_EXPIRED: Final = 3_600
"""Seconds since the end of an expired token: more than any leeway of a guard."""


@cache
def _private_key() -> Any:
    """Return one key for all issuers of a process: to generate one takes a tenth of a second."""
    return generate_rsa_key(_KEY_BITS)


class TestIssuer:
    """Issues access tokens, and makes guards that accept them. No guard makes a network call.

    ``audience`` is that of the tokens and of the guards, unless they are given another one. Guards refuse a session
    from ``revoke`` on. While ``feed_is_stale`` is true, they behave as if the true issuer had been away for too long.
    """

    __test__ = False  # pytest takes classes called Test... for tests

    def __init__(self, url: str = "https://issuer.test", *, audience: str = "tests") -> None:
        self.url = url
        self.audience = audience
        self.feed_is_stale = False
        self._revoked = RevocationList()
        self._checks: list[TokenChecks] = []
        stored = to_stored_key(_private_key())
        self._kid = stored.key.kid
        codec = JoseTokenCodec()
        codec.install([stored])
        self._jwk_set = codec.jwk_set()

    def token(
        self,
        sub: str = "alice",
        *,
        scope: str = "",
        expires_in: int = _LIFETIME,
        without: Iterable[str] = (),
        **claims: object,
    ) -> str:
        """Return an access token (RFC 9068), valid for ``expires_in`` seconds, of a session of its own.

        ``claims`` are added, or take the place of others, such as ``aud``, ``client_id``, ``sid`` or ``exp``. Those of
        ``without`` are left out. A token of a client that acts for itself has no ``sid`` and no ``auth_time``.
        """
        now = int(time.time())
        members = {
            "iss": self.url,
            "sub": sub,
            "aud": self.audience,
            "client_id": FIRST_PARTY,
            "iat": now,
            "exp": now + expires_in,
            "jti": secrets.token_urlsafe(16),
            "scope": scope,
            "sid": base64url.encode(secrets.token_bytes(SESSION_ID_BYTES)),
            "auth_time": now,
            **claims,
        }
        left_out = {*without}
        return self.sign({name: value for name, value in members.items() if name not in left_out})

    def expired_token(self, sub: str = "alice", *, scope: str = "", **claims: Any) -> str:
        """Return a token that has expired an hour ago. The parameters are those of ``token``."""
        end = int(time.time()) - _AGE_OF_EXPIRED
        times: dict[str, Any] = {"iat": end - _LIFETIME, "auth_time": end - _LIFETIME, "exp": end}
        return self.token(sub, scope=scope, **{**times, **claims})

    def revoked_token(self, sub: str = "alice", *, scope: str = "", **claims: Any) -> str:
        """Return a token of a session that is revoked. The parameters are those of ``token``."""
        token = self.token(sub, scope=scope, **claims)
        self.revoke(token)
        return token

    def revoke(self, token: str) -> None:
        """Revoke the session of a token: all guards refuse its tokens, and what is inside ``while_valid`` ends.

        Raises ``ValueError`` for a token without a session.
        """
        sid = json.loads(base64url.decode(token.split(".")[1])).get("sid")
        if sid is None:
            raise ValueError("the token has no sid, so it belongs to no session that could be revoked")
        self._revoked.add(RevokedSession(parse_session_id(sid), time.time()))
        for checks in self._checks:
            checks.open_requests.recheck(keys_changed=False)

    def headers(self, token: str) -> dict[str, str]:
        """Return the header of a request with a token (RFC 6750 §2.1)."""
        return {"Authorization": f"Bearer {token}"}

    def sign(self, claims: Mapping[str, object], **header: object) -> str:
        """Return a token with these claims alone, which may be wrong. ``header`` changes its header."""
        members = {"alg": "RS256", "typ": "at+jwt", "kid": self._kid, **header}
        signed = ".".join(base64url.encode(json.dumps(each).encode()) for each in (members, claims))
        return f"{signed}.{base64url.encode(sign_rs256(_private_key(), signed.encode()))}"

    def jwk_set(self) -> Mapping[str, object]:
        """Return the public keys (RFC 7517 §5)."""
        return self._jwk_set

    def is_stale(self) -> bool:
        """Return ``feed_is_stale``. Guards ask this."""
        return self.feed_is_stale

    def checks(self, audience: str | None = None) -> TokenChecks:
        """Return what the guard of any framework is made of."""
        checks = fixed_checks(
            issuer=self.url,
            audience=audience or self.audience,
            jwk_set=self._jwk_set,
            revoked=self._revoked,
            feed=self,
        )
        self._checks.append(checks)
        return checks

    def guard(self, *, audience: str | None = None, closed_when_stale: bool = False, **options: Any) -> "Guard":
        """Return a guard for aiohttp. ``options`` are ``tokens``, ``render``, ``telemetry`` and ``unmatched``."""
        from ..adapters.guards.aiohttp import Guard  # noqa: PLC0415  # only users of aiohttp need its server

        checks = self.checks(audience)
        return Guard(
            checks.validation,
            open_requests=checks.open_requests,
            **self._common(audience, closed_when_stale),
            **options,
        )

    def asgi_guard(
        self,
        *,
        audience: str | None = None,
        public: Iterable[str] = (),
        closed_when_stale: bool = False,
        **options: Any,
    ) -> "AsgiGuard":
        """Return a guard for ASGI and FastAPI. ``options`` are ``token``, ``render`` and ``telemetry``."""
        from ..adapters.guards.asgi import AsgiGuard  # noqa: PLC0415  # as above

        requests = self.checks(audience).open_requests
        return AsgiGuard(requests, public=public, **self._common(audience, closed_when_stale), **options)

    def wsgi_guard(
        self,
        *,
        audience: str | None = None,
        public: Iterable[str] = (),
        closed_when_stale: bool = False,
        **options: Any,
    ) -> "WsgiGuard":
        """Return a guard for WSGI, Flask and Django. ``options`` are ``token``, ``render`` and ``telemetry``."""
        from ..adapters.guards.wsgi import WsgiGuard  # noqa: PLC0415  # as above

        requests = self.checks(audience).open_requests
        return WsgiGuard(requests, public=public, **self._common(audience, closed_when_stale), **options)

    def grpc_guard(
        self,
        *,
        audience: str | None = None,
        public: Iterable[str] = (),
        closed_when_stale: bool = False,
        **options: Any,
    ) -> "GrpcGuard":
        """Return a guard for gRPC. ``options`` are ``token`` and ``telemetry``."""
        from ..adapters.guards.grpc import GrpcGuard  # noqa: PLC0415  # as above

        requests = self.checks(audience).open_requests
        return GrpcGuard(requests, public=public, **self._common(audience, closed_when_stale), **options)

    def mcp_guard(
        self, resource: str, *, required_scopes: Sequence[str] = (), closed_when_stale: bool = False, **options: Any
    ) -> "McpGuard":
        """Return a guard for an MCP server at the URL ``resource``. Its tokens have the audience of the issuer."""
        from ..adapters.guards.mcp import McpGuard  # noqa: PLC0415  # as above
        from ..adapters.guards.protected_resource import ProtectedResource  # noqa: PLC0415  # as above

        metadata = ProtectedResource(resource, self.url, tuple(required_scopes))
        requests, common = self.checks().open_requests, self._common(None, closed_when_stale)
        return McpGuard(requests, resource=metadata, required_scopes=required_scopes, **common, **options)

    def _common(self, audience: str | None, closed: bool) -> dict[str, Any]:  # noqa: FBT001  # private, and called above only
        return {"issuer": self.url, "audience": audience or self.audience, "feed": self, "closed": closed}
