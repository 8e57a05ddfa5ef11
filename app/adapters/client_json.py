"""OAuth clients as JSON, for the command line and the admin API."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

from ..domain.clients.client import AuthenticationMethod, Client, GrantType
from ..domain.clients.registration import ClientWithSecret
from ..domain.errors import FieldError, InvalidRequest
from ..domain.identifiers import ClientId
from ..domain.scope import FORM, InvalidScope, Scope


class ClientEntry(TypedDict):
    """A client, without its secret."""

    client_id: str
    authentication: Annotated[str, "`client_secret`, `private_key_jwt` or `none`."]
    grants: list[str]
    scope: Annotated[str, "The scope that the client can get."]
    audiences: Annotated[list[str], "The audiences that the client can get tokens for."]
    introspects: Annotated[list[str], "The audiences that the client serves: it may introspect tokens for them."]
    jwks: NotRequired[Annotated[dict[str, Any], "The public keys of the client, for `private_key_jwt`."]]


class RegisteredClient(ClientEntry):
    """A client with its new secret. The secret is shown only in this response."""

    client_secret: NotRequired[Annotated[str, "Present if the client authenticates with a secret."]]


def describe(client: Client) -> ClientEntry:
    """Return a client as a JSON object, without its secret."""
    members: ClientEntry = {
        "client_id": client.client_id,
        "authentication": client.method,
        "grants": sorted(client.grants),
        "scope": client.scope.text,
        "audiences": list(client.audiences),
        "introspects": list(client.introspects),
    }
    if client.jwks is not None:
        members["jwks"] = json.loads(client.jwks)
    return members


def describe_registered(registered: ClientWithSecret) -> ClientEntry | RegisteredClient:
    """Return a client as a JSON object with its new secret, if it has one."""
    entry = describe(registered.client)
    return entry if registered.secret is None else {**entry, "client_secret": registered.secret}


def parse(members: Mapping[str, object]) -> Client:
    """Return the client that a JSON object describes; raises ``InvalidRequest`` with the error of a wrong member."""
    jwks = members.get("jwks")
    return Client(
        client_id=ClientId(_text(members, "client_id", "")),
        method=_method(_text(members, "authentication", AuthenticationMethod.SECRET)),
        grants=_grants(_texts(members, "grants")),
        scope=_scope(_text(members, "scope", "")),
        audiences=_texts(members, "audiences"),
        introspects=_texts(members, "introspects"),
        jwks=None if jwks is None else json.dumps(jwks),
    )


def _field_error(name: str, message: str) -> InvalidRequest:
    return InvalidRequest("A field is missing or wrong.", errors=[FieldError(name, message)])


def _text(members: Mapping[str, object], name: str, default: str) -> str:
    value = members.get(name, default)
    if not isinstance(value, str):
        raise _field_error(name, "must be a string")
    return value


def _texts(members: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = members.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _field_error(name, "must be a list of strings")
    return tuple(value)


def _method(text: str) -> AuthenticationMethod:
    try:
        return AuthenticationMethod(text)
    except ValueError as error:
        raise _field_error("authentication", "must be client_secret, private_key_jwt or none") from error


def _grants(texts: tuple[str, ...]) -> frozenset[GrantType]:
    try:
        return frozenset(map(GrantType, texts))
    except ValueError as error:
        raise _field_error("grants", "must be refresh_token, client_credentials or both") from error


def _scope(text: str) -> Scope:
    try:
        return Scope.parse(text)
    except InvalidScope as error:
        raise _field_error("scope", f"must be {FORM}") from error
