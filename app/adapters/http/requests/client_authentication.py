"""Read the credential of an OAuth client from a request (RFC 6749 §2.3), and authenticate the client."""

from base64 import b64decode
from dataclasses import dataclass
from typing import Annotated, Final

from aiohttp import hdrs, web

from ....domain.clients.authentication import ClientAuthentication
from ....domain.clients.client import Client
from ....domain.clients.presented_credential import (
    PresentedAssertion,
    PresentedCredential,
    PresentedId,
    PresentedSecret,
)
from ....domain.errors import InvalidClient, InvalidRequest
from ....domain.identifiers import ClientId
from .body import decode_form
from .fields import parameter

CLIENT_AUTHENTICATION: Final = web.AppKey("keyturn_client_authentication", ClientAuthentication)

_JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRequest:
    """The parameters that identify the client in each form of ``/oauth``."""

    client_id: Annotated[str, "Required unless HTTP Basic or an assertion names the client."] = parameter()
    client_secret: Annotated[str, "`client_secret_post`."] = parameter(secret=True)
    client_assertion: Annotated[str, "`private_key_jwt` (RFC 7523 §2.2): a signed JWT."] = parameter(secret=True)
    client_assertion_type: Annotated[str, f"With an assertion: `{_JWT_BEARER}`."] = parameter()


async def authenticated_client(request: web.Request, form: ClientRequest) -> Client:
    """Return the client that makes the request.

    Raises ``InvalidClient`` if authentication fails, and ``InvalidRequest`` if the request has several credentials. A
    handler calls this once, because an assertion can be used only once.
    """
    return await request.app[CLIENT_AUTHENTICATION].authenticate(_presented_credential(request, form))


def _presented_credential(request: web.Request, form: ClientRequest) -> PresentedCredential:
    authorization = request.headers.get(hdrs.AUTHORIZATION)
    if sum((authorization is not None, bool(form.client_secret), bool(form.client_assertion))) > 1:
        raise InvalidRequest("The client authenticates in more than one way.")
    client_id = ClientId(form.client_id) if form.client_id else None
    if authorization is not None:
        return _basic(authorization, client_id)
    if form.client_assertion:
        if form.client_assertion_type != _JWT_BEARER:
            raise InvalidClient
        return PresentedAssertion(form.client_assertion, client_id)
    if client_id is None:
        raise InvalidClient
    return PresentedSecret(client_id, form.client_secret) if form.client_secret else PresentedId(client_id)


def _basic(authorization: str, client_id: ClientId | None) -> PresentedSecret:
    """Return the id and secret of HTTP Basic. Both are form-encoded (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise InvalidClient
        name, separator, secret = b64decode(encoded.strip(" "), validate=True).partition(b":")
        credential = PresentedSecret(ClientId(decode_form(name)), decode_form(secret))
    except (ValueError, InvalidRequest) as error:
        raise InvalidClient from error
    if not separator or client_id not in (None, credential.client_id):
        raise InvalidClient
    return credential
