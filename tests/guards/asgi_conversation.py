"""Talk to an ASGI application without a server: every message that it sends is seen."""

from collections.abc import Iterable
from typing import Any, Final

from app.adapters.guards.asgi_types import Application, Message
from app.guard.asgi import AsgiGuard, guard
from tests.http.forgery import Forge
from tests.http.guarded_app import AUDIENCE, claims, jwk_set

ISSUER: Final = "https://id.example"


def guard_of(forge: Forge, **options: Any) -> AsgiGuard:
    """Return a guard that accepts the tokens of ``forge``."""
    return guard(issuer=ISSUER, audience=AUDIENCE, jwk_set=jwk_set(forge), **options)


def authorization(forge: Forge, **changes: object) -> tuple[bytes, bytes]:
    """Return the header with a valid token, as ASGI has it."""
    return (b"authorization", f"Bearer {forge.token(claims(iss=ISSUER, **changes))}".encode())


def scope(kind: str = "http", path: str = "/", *headers: tuple[bytes, bytes], **members: Any) -> dict[str, Any]:
    """Return a scope of ASGI 3."""
    return {"type": kind, "path": path, "raw_path": path.encode(), "method": "GET", "headers": [*headers], **members}


async def converse(app: Application, of: dict[str, Any], received: Iterable[Message] = ()) -> list[Message]:
    """Run the application with these messages of the server, and return what it sends."""
    messages, sent = iter(received), []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(of, receive, send)
    return sent
