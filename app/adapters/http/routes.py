"""The route table."""

from typing import Final

from aiohttp import web

from . import account, health, revoked_sessions, tokens, well_known

ROUTES: Final = (
    web.post("/auth/login", tokens.login),
    web.post("/auth/refresh", tokens.refresh),
    web.post("/auth/logout", tokens.logout),
    web.get("/auth/me", account.me),
    web.get("/auth/sessions", account.list_sessions),
    web.delete("/auth/sessions", account.end_sessions),
    web.delete("/auth/sessions/{sid}", account.end_session),
    web.get("/.well-known/jwks.json", well_known.jwks),
    web.get("/.well-known/revoked-sessions", revoked_sessions.revoked_sessions),
    web.get("/livez", health.livez),
    web.get("/readyz", health.readyz),
)
