"""Python client libraries work with the service: requests-oauthlib, Authlib and PyJWT."""

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from joserfc import jwt as jose
from joserfc.jwk import ECKey, KeySet
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from app.cli import main
from tests.servers.ports import free_port

from .processes import running

PASSWORD: Final = "correct horse battery"  # noqa: S105  # a test's


@dataclass(frozen=True, slots=True)
class Deployment:
    """A running service with a user and two clients."""

    url: str
    secret: str
    key: ECKey

    def get(self, url: str) -> dict[str, Any]:
        """Return a JSON document."""
        with urllib.request.urlopen(url) as answer:  # noqa: S310  # our own service
            members: dict[str, Any] = json.load(answer)
        return members

    def metadata(self) -> dict[str, Any]:
        """Return the issuer's metadata (RFC 8414 §3)."""
        return self.get(get_well_known_url(self.url, external=True))

    def sign_in(self) -> dict[str, Any]:
        """Sign in. Return the token response."""
        body = json.dumps({"username": "alice", "password": PASSWORD}).encode()
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(  # noqa: S310  # our own service
            urllib.request.Request(f"{self.url}/auth/login", body, headers)  # noqa: S310
        ) as answer:
            members: dict[str, Any] = json.load(answer)
        return members


@pytest.fixture
def deployment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployment]:
    """Return a service whose issuer is its own URL. oauthlib needs a variable to allow http."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    port = free_port()
    settings = {
        "PORT": str(port),
        "ISSUER": f"http://127.0.0.1:{port}",
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "BOOTSTRAP_USERNAME": "alice",
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    variables = {f"KEYTURN_{name}": value for name, value in settings.items()}
    key = ECKey.generate_key("P-256")
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    permissions = ["--grant", "client_credentials", "--scope", "stock:read", "--audience", "stock", "--json"]
    assert main(["clients", "add", "orders", *permissions], variables) == 0
    secret = json.loads(capsys.readouterr().out)["client_secret"]
    assert main(["clients", "add", "signer", "--jwks", str(tmp_path / "jwks.json"), *permissions], variables) == 0
    with running(tmp_path, settings) as service:
        yield Deployment(service.url, secret, key)


def test_requests_oauthlib(deployment: Deployment) -> None:
    """requests-oauthlib gets a token by ``client_credentials`` and refreshes as the public client, which it names in
    the form or, with an empty secret, in the header.
    """
    metadata = deployment.metadata()
    client = BackendApplicationClient(client_id="orders")
    session = OAuth2Session(client=client)
    token = session.fetch_token(metadata["token_endpoint"], client_secret=deployment.secret, scope="stock:read")
    assert token["token_type"] == "Bearer"  # noqa: S105  # a kind of token
    assert jwt.decode(token["access_token"], options={"verify_signature": False})["aud"] == "stock"
    signed_in = deployment.sign_in()
    user_session = OAuth2Session("first-party", token=signed_in)
    refreshed = user_session.refresh_token(metadata["token_endpoint"], client_id="first-party")
    assert refreshed["refresh_token"] != signed_in["refresh_token"]
    assert user_session.get(f"{deployment.url}/auth/me").json()["client_id"] == "first-party"
    again = user_session.refresh_token(metadata["token_endpoint"], auth=HTTPBasicAuth("first-party", ""))
    assert again["refresh_token"] != refreshed["refresh_token"]


def test_authlib(deployment: Deployment) -> None:
    """Authlib accepts the metadata, authenticates with each method, refreshes, introspects and revokes. joserfc
    validates the token.
    """
    metadata = deployment.metadata()
    found = AuthorizationServerMetadata(metadata)
    for member in ("grant_types_supported", "token_endpoint_auth_methods_supported", "scopes_supported"):
        getattr(found, f"validate_{member}")()  # others insist on https, or on authorization endpoints
    endpoint = metadata["token_endpoint"]
    for method in ("client_secret_basic", "client_secret_post"):
        session = AuthlibSession("orders", deployment.secret, token_endpoint_auth_method=method)
        token = session.fetch_token(endpoint, grant_type="client_credentials", scope="stock:read")
        assert token["scope"] == "stock:read"
    introspected = session.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()
    assert (introspected["active"], introspected["sub"]) == (True, "orders")
    signer = AuthlibSession("signer", deployment.key, token_endpoint_auth_method="private_key_jwt")  # noqa: S106
    claims = {"exp": int(time.time()) + 60}
    signer.register_client_auth_method(PrivateKeyJWT(endpoint, claims, alg="ES256"))
    signed = signer.fetch_token(endpoint, grant_type="client_credentials")
    keys = KeySet.import_key_set(deployment.get(metadata["jwks_uri"]))  # type: ignore[arg-type]  # joserfc checks it
    claims_of_token = jose.decode(signed["access_token"], keys, algorithms=["RS256"]).claims
    jose.JWTClaimsRegistry(
        iss={"essential": True, "value": metadata["issuer"]}, aud={"essential": True, "value": "stock"}
    ).validate(claims_of_token)
    user_session = AuthlibSession("first-party", token=deployment.sign_in(), token_endpoint_auth_method="none")  # noqa: S106
    refreshed = user_session.refresh_token(endpoint)
    assert user_session.get(f"{deployment.url}/auth/me").status_code == 200
    revoked = user_session.revoke_token(metadata["revocation_endpoint"], token=refreshed["refresh_token"])
    assert revoked.status_code == 200
    assert user_session.get(f"{deployment.url}/auth/me").status_code == 401


def test_pyjwt(deployment: Deployment) -> None:
    """PyJWT finds the key in the JWK Set that the metadata names, and validates the token."""
    metadata = deployment.metadata()
    token = deployment.sign_in()["access_token"]
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience="keyturn",
        issuer=metadata["issuer"],
        options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"]},
    )
    assert claims["client_id"] == "first-party"
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key, algorithms=["RS256"], audience="stock", issuer=metadata["issuer"])
