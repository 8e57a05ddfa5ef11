"""Clients as records."""

import json
from types import NoneType

from ...domain.clients.client import AuthenticationMethod, Client, ClientSecret, GrantType
from ...domain.identifiers import ClientId
from ...domain.scope import InvalidScope, Scope
from .record import FORMAT, Fields, Record, UnreadableRecord, Value


def client_record(client: Client) -> Record:
    """Return the record of a client. Lists are texts, separated by single spaces. ``secrets`` is that of
    ``secrets_text``.
    """
    record: dict[str, Value] = {
        "format": FORMAT,
        "client_id": client.client_id,
        "method": client.method.value,
        "grants": " ".join(sorted(client.grants)),
        "scope": client.scope.text,
        "audiences": " ".join(client.audiences),
        "introspects": " ".join(client.introspects),
        "secrets": secrets_text(client.secrets),
    }
    if client.jwks is not None:
        record["jwks"] = client.jwks
    return record


def client_of(record: Record) -> Client:
    """Return the client of a record; raises ``UnreadableRecord``."""
    fields = Fields(record)
    try:
        return Client(
            client_id=ClientId(fields.text("client_id")),
            method=AuthenticationMethod(fields.text("method")),
            grants=frozenset(map(GrantType, fields.text("grants").split())),
            scope=Scope.parse(fields.text("scope")),
            audiences=tuple(fields.text("audiences").split()),
            introspects=tuple(fields.text("introspects").split()),
            secrets=tuple(_secret(*each) for each in json.loads(fields.text("secrets"))),
            jwks=_jwks(fields.optional_text("jwks")),
        )
    except UnreadableRecord:
        raise
    except (InvalidScope, RecursionError, TypeError, ValueError) as error:
        raise UnreadableRecord("a field has an unknown value") from error


def secrets_text(secrets: tuple[ClientSecret, ...]) -> str:
    """Return the same text for the same secrets, because ``replace_secrets`` compares it."""
    return json.dumps([[secret.digest.hex(), secret.expires_at] for secret in secrets])


def _jwks(text: str | None) -> str | None:
    if text is not None and not isinstance(json.loads(text), dict):
        raise UnreadableRecord("jwks: not a JSON object")
    return text


def _secret(digest: str, expires_at: int | None) -> ClientSecret:
    if type(expires_at) not in (int, NoneType):
        raise TypeError("the expiry of a secret is no number of seconds")
    return ClientSecret(bytes.fromhex(digest), expires_at)
