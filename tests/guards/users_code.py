"""The code of a user, for ``mypy --strict``: right uses, and wrong ones that it must find (no ignore is unused)."""

from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket
from starlette.applications import Starlette

from app.guard import asgi
from app.guard.fastapi import AccessTokenClaims, remote_guard, requires, while_valid

guard = remote_guard(issuer="https://id.example", audience="orders", public=["/health"])
app = FastAPI()
app.add_middleware(guard)
Reader = Annotated[AccessTokenClaims, Depends(requires("orders:read"))]


@app.get("/orders")
async def orders(principal: Reader) -> dict[str, str]:
    """Return whose orders these are."""
    return {"orders_of": principal.subject}


@app.websocket("/live")
async def live(socket: WebSocket, principal: Reader) -> None:
    """Say whether the session is still alive."""
    await socket.accept()
    async with while_valid(socket):
        await socket.send_text(str(guard.is_valid(principal)))


wrapped = asgi.remote_guard(issuer="https://id.example", audience="orders")(Starlette())


def wrong() -> None:
    """Use the guard wrongly."""
    asgi.remote_guard(issuer="https://id.example", audience="orders", public=5)  # type: ignore[arg-type]
    number: int = asgi.principal({}).subject  # type: ignore[assignment]
    asgi.remote_guard(issuer="https://id.example")  # type: ignore[call-arg]
    guard.is_valid("alice")  # type: ignore[arg-type]
    del number
