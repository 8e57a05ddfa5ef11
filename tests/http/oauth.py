"""Helpers for tests with OAuth clients."""

import json
import time
from base64 import b64encode
from typing import Any, Final
from urllib.parse import quote_plus

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from app.domain.clients.client import AuthenticationMethod, Client, GrantType
from app.domain.identifiers import ClientId
from app.domain.scope import Scope
from app.testing.builders import ISSUER

from .service import Answer, Service

TOKEN: Final = "/oauth/token"  # noqa: S105  # a path
INTROSPECT: Final = "/oauth/introspect"
REVOKE: Final = "/oauth/revoke"

JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

ALL_GRANTS: Final = frozenset(GrantType)
CREDENTIALS: Final = {"grant_type": "client_credentials"}

KEY: Final = ECKey.import_key(ec.generate_private_key(ec.SECP256R1()))
JWKS: Final = json.dumps({"keys": [KEY.as_dict(private=False)]})


async def register(service: Service, client_id: str = "orders", **changes: Any) -> str:
    """Register a client that may do everything, with ``changes``; return its secret or ""."""
    members: dict[str, Any] = {
        "method": AuthenticationMethod.SECRET,
        "grants": ALL_GRANTS,
        "scope": Scope.parse("stock:read stock:write"),
        "audiences": ("stock", "https://mail.example/"),
    }
    client = Client(ClientId(client_id), **{**members, **changes})
    registered = await service.container.client_registration().add(client)
    return registered.secret or ""


def basic(client_id: str, secret: str) -> dict[str, str]:
    """Return the header of ``client_secret_basic``."""
    credential = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {b64encode(credential.encode()).decode()}"}


def assertion(**changes: object) -> str:
    """Return an assertion of the client "signer" that is valid at the start of a test, with ``changes``."""
    now = 1_800_000_000
    claims: dict[str, Any] = {
        "iss": "signer",
        "sub": "signer",
        "aud": ISSUER,
        "exp": now + 60,
        "jti": str(time.perf_counter_ns()),
    }
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode({"alg": "ES256"}, claims, KEY, algorithms=["ES256"])


async def ask(service: Service, path: str, secret: str, client_id: str = "orders", **form: str) -> Answer:
    """Post a form as a client that authenticates by ``client_secret_basic``."""
    return await service.ask("POST", path, data=form, headers=basic(client_id, secret))


def error(answer: Answer) -> tuple[int, str]:
    """Return the status and the code of an error, which must have the form of RFC 6749 §5.2."""
    assert answer.headers["Content-Type"] == "application/json"
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert answer.json().keys() == {"error", "error_description"}
    assert ("WWW-Authenticate" in answer.headers) == (answer.status == 401)
    return answer.status, answer.json()["error"]
