"""Read the credential of an OAuth client from a request (RFC 6749 §2.3), and authenticate the client."""

import logging
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
from ....domain.clients.refusal import ClientRefusal
from ....domain.errors import InvalidClient, InvalidRequest
from ....domain.identifiers import ClientId
from .body import decode_form
from .fields import parameter

CLIENT_AUTHENTICATION: Final = web.AppKey("keyturn_client_authentication", ClientAuthentication)

_LOG: Final = logging.getLogger("keyturn.http")

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

    Raises ``InvalidClient`` if authentication fails, and ``InvalidRequest`` if the request has several credentials. The
    log has the reason of a failure, and nothing that the request sent but the id of a registered client. A handler
    calls this once, because an assertion can be used only once.
    """
    try:
        return await request.app[CLIENT_AUTHENTICATION].authenticate(_presented_credential(request, form))
    except InvalidClient as error:
        fields = {"reason": str(error.reason)} | ({"client_id": error.client_id} if error.client_id else {})
        _LOG.info("client refused", extra={"fields": fields})
        raise


def _presented_credential(request: web.Request, form: ClientRequest) -> PresentedCredential:
    authorization = request.headers.get(hdrs.AUTHORIZATION)
    if sum((authorization is not None, bool(form.client_secret), bool(form.client_assertion))) > 1:
        raise InvalidRequest("The client authenticates in more than one way.")
    client_id = ClientId(form.client_id) if form.client_id else None
    if authorization is not None:
        return _basic(authorization, client_id)
    if form.client_assertion:
        if form.client_assertion_type != _JWT_BEARER:
            raise InvalidClient(reason=ClientRefusal.WRONG_ASSERTION_TYPE)
        return PresentedAssertion(form.client_assertion, client_id)
    if client_id is None:
        raise InvalidClient(reason=ClientRefusal.NO_CLIENT)
    return _id_and_secret(client_id, form.client_secret)


def _id_and_secret(client_id: ClientId, secret: str) -> PresentedSecret | PresentedId:
    """Return the credential. An empty secret is none, because a client may leave it out (RFC 6749 §2.3.1)."""
    return PresentedSecret(client_id, secret) if secret else PresentedId(client_id)


def _basic(authorization: str, client_id: ClientId | None) -> PresentedSecret | PresentedId:
    """Return the id and secret of HTTP Basic. Both are form-encoded (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        name, separator, raw_secret = b64decode(encoded.strip(" "), validate=True).partition(b":")
        claimed, secret = ClientId(decode_form(name)), decode_form(raw_secret)
    except (ValueError, InvalidRequest) as error:
        raise InvalidClient(reason=ClientRefusal.UNREADABLE_HEADER) from error
    if scheme.lower() != "basic" or not separator:
        raise InvalidClient(reason=ClientRefusal.UNREADABLE_HEADER)
    if client_id not in (None, claimed):
        raise InvalidClient(reason=ClientRefusal.OTHER_CLIENT_ID)
    return _id_and_secret(claimed, secret)
