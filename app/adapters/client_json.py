"""Clients as JSON, as the commands and the admin API tell and take them (RFC 7591 names what it can)."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

from ..domain.clients.client import AuthenticationMethod, Client, GrantType
from ..domain.clients.registration import Registered
from ..domain.errors import FieldError, InvalidRequest
from ..domain.identifiers import ClientId
from ..domain.scope import InvalidScope, Scope


class ClientEntry(TypedDict):
    """A client, as an administrator sees it."""

    client_id: str
    authentication: Annotated[str, "`client_secret`, `private_key_jwt` or `none`"]
    grants: list[str]
    scope: Annotated[str, "what it can be granted"]
    audiences: Annotated[list[str], "what it can get tokens for"]
    introspects: Annotated[list[str], "the audiences that it is: it may introspect tokens for them"]
    jwks: NotRequired[Annotated[dict[str, Any], "its public keys, for `private_key_jwt`"]]


class RegisteredClient(ClientEntry):
    """A client with its new secret, which is told this once."""

    client_secret: NotRequired[Annotated[str, "where it authenticates by one"]]


def describe(client: Client) -> ClientEntry:
    """Return everything of a client that is no secret."""
    members: ClientEntry = {
        "client_id": client.client_id,
        "authentication": client.method,
        "grants": sorted(client.grants),
        "scope": str(client.scope),
        "audiences": list(client.audiences),
        "introspects": list(client.introspects),
    }
    if client.jwks is not None:
        members["jwks"] = json.loads(client.jwks)
    return members


def describe_registered(registered: Registered) -> ClientEntry | RegisteredClient:
    """Return the client and its new secret: this is the only time that it is told."""
    entry = describe(registered.client)
    return entry if registered.secret is None else {**entry, "client_secret": registered.secret}


def parse(members: Mapping[str, object]) -> Client:
    """Return the client that ``describe`` would describe so; raises ``InvalidRequest``."""
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


def _fault(name: str, message: str) -> InvalidRequest:
    return InvalidRequest("A field is missing or wrong.", errors=[FieldError(name, message)])


def _text(members: Mapping[str, object], name: str, default: str) -> str:
    value = members.get(name, default)
    if not isinstance(value, str):
        raise _fault(name, "must be a string")
    return value


def _texts(members: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = members.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _fault(name, "must be a list of strings")
    return tuple(value)


def _method(text: str) -> AuthenticationMethod:
    try:
        return AuthenticationMethod(text)
    except ValueError as error:
        raise _fault("authentication", "must be client_secret, private_key_jwt or none") from error


def _grants(texts: tuple[str, ...]) -> frozenset[GrantType]:
    try:
        return frozenset(map(GrantType, texts))
    except ValueError as error:
        raise _fault("grants", "must be refresh_token, client_credentials or both") from error


def _scope(text: str) -> Scope:
    try:
        return Scope.parse(text)
    except InvalidScope as error:
        raise _fault("scope", "must be scope tokens parted by single spaces") from error
