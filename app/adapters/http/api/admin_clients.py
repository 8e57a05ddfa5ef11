"""Administration of OAuth clients: ``/admin/clients``."""

from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final, NotRequired, TypedDict

from aiohttp import web

from ....domain.audience import MAX_AUDIENCES
from ....domain.clients.client import MAX_AUDIENCE_LENGTH, MAX_CLIENT_ID_LENGTH
from ....domain.clients.errors import ClientNotFound
from ....domain.clients.registration import ClientRegistration
from ....domain.errors import AlreadyExists, Unavailable
from ....domain.identifiers import ClientId, Subject
from ....domain.scope import ADMIN
from ....domain.scope import MAX_LENGTH as MAX_SCOPE_LENGTH
from ... import client_json
from ...guards.aiohttp_marks import requires
from ...guards.aiohttp_request import PRINCIPAL
from ..operation import NO_CONTENT, Operation, RequestSpec, ResponseSpec
from ..requests.body import read_json, read_optional
from ..requests.fields import json_object, text, texts, whole_number
from ..requests.paging import cursor, pages_by_name
from ..responses import json_response, no_content

CLIENTS: Final = web.AppKey("keyturn_clients", ClientRegistration)

MAX_GRACE: Final = 30 * 86_400
"""The longest time in seconds for which a replaced secret may still be accepted."""

_MAX_NAME_LENGTH: Final = 32
_PAGES: Final = pages_by_name(max_length=MAX_CLIENT_ID_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClientRequest:
    """The body of ``POST /admin/clients``."""

    client_id: Annotated[str, "Letters, digits and `. _ ~ -`."] = text(max_length=MAX_CLIENT_ID_LENGTH)
    authentication: Annotated[
        str | None, "`client_secret` (the default), `private_key_jwt`, or `none` for a public client."
    ] = text(min_length=0, max_length=_MAX_NAME_LENGTH, required=False)
    grants: Annotated[list[str] | None, "`refresh_token`, `client_credentials` or both."] = texts(
        max_items=8, max_length=_MAX_NAME_LENGTH
    )
    scope: Annotated[str | None, "Scope tokens, separated by spaces."] = text(
        min_length=0, max_length=MAX_SCOPE_LENGTH, required=False
    )
    audiences: Annotated[list[str] | None, "The audiences that the client can get tokens for."] = texts(
        max_items=MAX_AUDIENCES, max_length=MAX_AUDIENCE_LENGTH
    )
    introspects: Annotated[
        list[str] | None, "The audiences that the client serves: it may introspect tokens for them."
    ] = texts(max_items=MAX_AUDIENCES, max_length=MAX_AUDIENCE_LENGTH)
    jwks: Annotated[dict[str, Any] | None, "The public keys of the client, for `private_key_jwt`."] = json_object()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRotationRequest:
    """The body of ``POST /admin/clients/{client_id}/secret``. A request may have no body."""

    grace: Annotated[int | None, "Seconds for which the previous secret is still accepted."] = whole_number(
        maximum=MAX_GRACE
    )


class ClientPage(TypedDict):
    """A page of clients, sorted by id."""

    clients: list[client_json.ClientEntry]
    next: NotRequired[Annotated[str, "The value of `after` for the next page. Absent if there is no further page."]]


@requires(ADMIN)
async def list_clients(request: web.Request) -> web.Response:
    """List the registered clients, sorted by id."""
    page = _PAGES.requested(request)
    clients, last = page.split(await request.app[CLIENTS].list_clients(after=page.after, limit=page.limit_and_one))
    listed: ClientPage = {"clients": [client_json.describe(each) for each in clients]}
    if last is not None:
        listed["next"] = cursor(last.client_id)
    return json_response(listed)


@requires(ADMIN)
async def create_client(request: web.Request) -> web.Response:
    """Register a client. The response has its secret."""
    members = asdict(await read_json(request, NewClientRequest))
    client = client_json.parse({name: value for name, value in members.items() if value is not None})
    registered = await request.app[CLIENTS].add(client, by=_by(request))
    return json_response(client_json.describe_registered(registered), status=201)


@requires(ADMIN)
async def rotate_client_secret(request: web.Request) -> web.Response:
    """Replace the secret of a client. The previous secret is accepted for another ``grace`` seconds."""
    body = await read_optional(request, SecretRotationRequest)
    grace = int(body.grace or 0)
    registered = await request.app[CLIENTS].rotate_secret(_client_id(request), grace=grace, by=_by(request))
    return json_response(client_json.describe_registered(registered))


@requires(ADMIN)
async def remove_client(request: web.Request) -> web.Response:
    """Remove a client."""
    await request.app[CLIENTS].remove(_client_id(request), by=_by(request))
    return no_content()


def _client_id(request: web.Request) -> ClientId:
    return ClientId(request.match_info["client_id"])


def _by(request: web.Request) -> Subject:
    return request[PRINCIPAL].subject


ROUTES: Final = (
    Operation(
        "GET",
        "/admin/clients",
        list_clients,
        query=_PAGES.query,
        responses=ResponseSpec(ClientPage),
        errors=(Unavailable,),
    ),
    Operation(
        "POST",
        "/admin/clients",
        create_client,
        request=RequestSpec(NewClientRequest),
        responses=ResponseSpec(client_json.RegisteredClient, status=HTTPStatus.CREATED),
        errors=(AlreadyExists, Unavailable),
    ),
    Operation(
        "DELETE",
        "/admin/clients/{client_id}",
        remove_client,
        responses=NO_CONTENT,
        errors=(ClientNotFound, Unavailable),
    ),
    Operation(
        "POST",
        "/admin/clients/{client_id}/secret",
        rotate_client_secret,
        request=RequestSpec(SecretRotationRequest, required=False),
        responses=ResponseSpec(client_json.RegisteredClient),
        errors=(ClientNotFound, Unavailable),
    ),
)
