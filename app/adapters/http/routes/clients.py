"""Administering OAuth clients: ``/admin/clients``."""

from http import HTTPStatus
from typing import Final

from ....domain.errors import Unavailable
from ....domain.identifier_errors import AlreadyExists, ClientNotFound
from ...client_json import RegisteredClient
from .. import admin_clients
from ..operation import NO_CONTENT, Gives, Operation, Takes
from ..paging import PAGE_QUERY

CLIENT_ROUTES: Final = (
    Operation(
        "GET",
        "/admin/clients",
        admin_clients.list_clients,
        query=PAGE_QUERY,
        gives=Gives(admin_clients.ClientPage),
        fails=(Unavailable,),
    ),
    Operation(
        "POST",
        "/admin/clients",
        admin_clients.create_client,
        takes=Takes(admin_clients.NewClientRequest),
        gives=Gives(RegisteredClient, status=HTTPStatus.CREATED),
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
        takes=Takes(admin_clients.SecretRotationRequest, required=False),
        gives=Gives(RegisteredClient),
        fails=(ClientNotFound, Unavailable),
    ),
)
