"""Administering OAuth clients: ``/admin/clients``."""

from http import HTTPStatus
from typing import Final

from ....domain.clients.errors import ClientNotFound
from ....domain.errors import AlreadyExists, Unavailable
from ...client_json import RegisteredClient
from ..api import admin_clients
from ..operation import NO_CONTENT, Operation, RequestSpec, ResponseSpec
from ..requests.paging import PAGE_QUERY

CLIENT_ROUTES: Final = (
    Operation(
        "GET",
        "/admin/clients",
        admin_clients.list_clients,
        query=PAGE_QUERY,
        gives=ResponseSpec(admin_clients.ClientPage),
        fails=(Unavailable,),
    ),
    Operation(
        "POST",
        "/admin/clients",
        admin_clients.create_client,
        takes=RequestSpec(admin_clients.NewClientRequest),
        gives=ResponseSpec(RegisteredClient, status=HTTPStatus.CREATED),
        fails=(AlreadyExists, Unavailable),
    ),
    Operation(
        "DELETE",
        "/admin/clients/{client_id}",
        admin_clients.remove_client,
        gives=NO_CONTENT,
        fails=(ClientNotFound, Unavailable),
    ),
    Operation(
        "POST",
        "/admin/clients/{client_id}/secret",
        admin_clients.rotate_client_secret,
        takes=RequestSpec(admin_clients.SecretRotationRequest, required=False),
        gives=ResponseSpec(RegisteredClient),
        fails=(ClientNotFound, Unavailable),
    ),
)
