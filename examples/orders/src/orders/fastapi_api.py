"""The same routes in FastAPI. Run them with ``uvicorn --factory orders.fastapi_api:from_environment``."""

import os
from collections import defaultdict
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from keyturn.guard.fastapi import AccessTokenClaims, RemoteAsgiGuard, fresh, remote_guard, requires

CATALOGUE = ("tea", "coffee", "chocolate")
PUBLIC = ("GET /catalogue", "GET /health")

Reader = Annotated[AccessTokenClaims, Depends(requires("orders:read"))]
Writer = Annotated[AccessTokenClaims, Depends(requires("orders:write"))]


def create_app(guard: RemoteAsgiGuard) -> FastAPI:
    """Return the service, protected by its guard."""
    app = FastAPI()
    app.add_middleware(guard)
    orders: defaultdict[str, list[str]] = defaultdict(list)

    @app.get("/catalogue")
    async def catalogue() -> dict[str, Any]:
        """Return the catalogue. Anyone may read it."""
        return {"catalogue": CATALOGUE}

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Return the state of the guard, for monitoring."""
        state = asdict(guard.state())
        return {name: state[name] for name in ("keys_age", "feed_age", "feed_is_stale")}

    @app.get("/orders")
    async def list_orders(principal: Reader) -> dict[str, Any]:
        """Return the orders of the caller. This goes on while the issuer is away."""
        return {"orders": orders[principal.subject]}

    @app.post("/orders/{item}", status_code=201, dependencies=[Depends(fresh)])
    async def order(item: str, principal: Writer) -> dict[str, str]:
        """Order an item. Orders cost money, so they stop while the guard does not hear of revoked sessions."""
        if item not in CATALOGUE:
            raise HTTPException(404)
        orders[principal.subject].append(item)
        return {"ordered": item}

    return app


def from_environment() -> FastAPI:
    """Return the service for the tokens of the issuer ``ORDERS_ISSUER``."""
    return create_app(remote_guard(issuer=os.environ["ORDERS_ISSUER"], audience="orders", public=PUBLIC))
