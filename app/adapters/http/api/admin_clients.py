"""Administering clients: ``/admin/clients``."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, NotRequired, TypedDict

from aiohttp import web

from ....domain.clients.client import MAX_AUDIENCE_LENGTH, MAX_AUDIENCES, MAX_CLIENT_ID_LENGTH
from ....domain.clients.registration import ClientRegistration
from ....domain.identifiers import ClientId, Subject
from ....domain.scope import ADMIN
from ....domain.scope import MAX_LENGTH as MAX_SCOPE_LENGTH
from ... import client_json
from ...guards.aiohttp import PRINCIPAL, requires
from ..requests.fields import Members, Text, Texts, Whole
from ..requests.json_body import optional, read, text
from ..requests.paging import Page, cursor
from ..responses import json_response, no_content

CLIENTS: Final = web.AppKey("keyturn_clients", ClientRegistration)

MOST_GRACE: Final = 30 * 86_400
"""Seconds for which a replaced secret may still be accepted, at most."""

_AUDIENCES: Final = Texts(MAX_AUDIENCES, MAX_AUDIENCE_LENGTH)
_NAME: Final = Text(0, 32)
_NAMES: Final = Texts(8, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClientRequest:
    """The body of ``POST /admin/clients``."""

    client_id: Annotated[str, "Letters, digits and `. _ ~ -`."] = text(most=MAX_CLIENT_ID_LENGTH)
    authentication: Annotated[
        str | None, "`client_secret`, which is usual, `private_key_jwt`, or `none` for a public client."
    ] = optional(_NAME)
    grants: Annotated[list[str] | None, "`refresh_token`, `client_credentials` or both."] = optional(_NAMES)
    scope: Annotated[str | None, "Scope tokens parted by spaces."] = optional(Text(0, MAX_SCOPE_LENGTH))
    audiences: Annotated[list[str] | None, "What it can get tokens for."] = optional(_AUDIENCES)
    introspects: Annotated[list[str] | None, "The audiences that it is."] = optional(_AUDIENCES)
    jwks: Annotated[dict[str, Any] | None, "Its public keys, for `private_key_jwt`."] = optional(Members())


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRotationRequest:
    """The body of ``POST /admin/clients/{client_id}/secret``; it may be missing."""

    grace: Annotated[int | None, "Seconds for which the last secret is accepted, too."] = optional(Whole(MOST_GRACE))


class ClientPage(TypedDict):
    """Clients by their ids."""

    clients: list[client_json.ClientEntry]
    next: NotRequired[Annotated[str, "where the next page begins, if there may be one: its after"]]


@requires(ADMIN)
async def list_clients(request: web.Request) -> web.Response:
    """Lists the registered clients by their ids, a page at a time."""
    page = Page.of(request)
    clients = await request.app[CLIENTS].list_clients(after=page.after, limit=page.limit)
    listed: ClientPage = {"clients": [client_json.describe(each) for each in clients]}
    if len(clients) == page.limit:
        listed["next"] = cursor(clients[-1].client_id)
    return json_response(listed)


@requires(ADMIN)
async def create_client(request: web.Request) -> web.Response:
    """Registers a client. The answer has its secret."""
    wanted = asdict(await read(request, NewClientRequest))
    client = client_json.parse({name: value for name, value in wanted.items() if value is not None})
    registered = await request.app[CLIENTS].add(client, by=_by(request))
    return json_response(client_json.describe_registered(registered), status=201)


@requires(ADMIN)
async def rotate_client_secret(request: web.Request) -> web.Response:
    """Gives a client a new secret. The last one may be accepted for ``grace`` seconds more."""
    wanted = await read(request, SecretRotationRequest) if request.can_read_body else SecretRotationRequest()
    grace = int(wanted.grace or 0)
    registered = await request.app[CLIENTS].rotate_secret(_client_id(request), grace=grace, by=_by(request))
    return json_response(client_json.describe_registered(registered))


@requires(ADMIN)
async def remove_client(request: web.Request) -> web.Response:
    """Removes a client."""
    await request.app[CLIENTS].remove(_client_id(request), by=_by(request))
    return no_content()


def _client_id(request: web.Request) -> ClientId:
    return ClientId(request.match_info["client_id"])


def _by(request: web.Request) -> Subject:
    return request[PRINCIPAL].subject
