"""The guard for Django: a middleware, synchronous and asynchronous. Every view needs a token, unless it is public."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from ...domain.errors import KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.errors import MissingToken
from .core import HANDLER_REFUSALS, REFUSALS
from .django_marks import is_open_when_stale, is_public
from .environ import ACCESS, find_access, raw_path
from .wsgi import WsgiGuard

Handler = Callable[[HttpRequest], Any]


class GuardedRequest(HttpRequest):
    """What a guarded view gets, for type checkers. ``principal`` is ``None`` where a public view got no valid token."""

    principal: AccessTokenClaims


class GuardMiddleware:
    """Guards the views with the guard that the settings name ``KEYTURN_GUARD``. Let it be the first middleware.

    Raises ``ImproperlyConfigured`` without that setting.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self._guard = _guard_of_settings()
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
            self.process_view = self._process_view_async  # type: ignore[method-assign,assignment]  # Django calls it

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Respond to one request; return an awaitable where the next middleware is asynchronous."""
        if self._is_async:
            return self._respond_async(request)
        refused = self._admit(request)
        return refused or self._replaced(request, self.get_response(request))

    async def _respond_async(self, request: HttpRequest) -> HttpResponseBase:
        if self._is_starting() and self._has_token(request) and not self._is_public(request):
            await asyncio.to_thread(self._guard.wait)
        refused = self._admit(request)
        return refused or self._replaced(request, await self.get_response(request))

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _: object, __: object
    ) -> HttpResponseBase | None:
        """Refuse a stranger whom a later middleware led to another view, and check the policy for a stale feed."""
        access = find_access(request)
        if access is None:
            return None if self._path_is_public(request) or is_public(view) else self._refuse(MissingToken())
        try:
            self._guard.core.check_route(open_when_stale=self._is_open_when_stale(request, view))
        except REFUSALS as refusal:
            return self._refuse(refusal)
        return None

    async def _process_view_async(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object
    ) -> HttpResponseBase | None:
        return GuardMiddleware.process_view(self, request, view, args, kwargs)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Return the response to an error that the marks of a view raise, or its ``while_valid``."""
        access = find_access(request)
        ours = isinstance(error, HANDLER_REFUSALS) or (access is not None and error is access.refusal)
        return self._refuse(error) if ours and isinstance(error, KeyturnError) else None

    def _admit(self, request: Any) -> HttpResponseBase | None:
        """Set the principal. Return the response to a request that is refused before any other middleware sees it."""
        guard = self._guard
        guard.start()
        request.principal = None
        request.META.pop(ACCESS, None)
        if self._is_starting() and self._is_public(request):
            return None
        try:
            access = request.META[ACCESS] = guard.admit(request.META, check_route=False)
        except REFUSALS as refusal:
            return None if self._is_public(request) else self._refuse(refusal)
        request.principal = access.principal
        return None

    def _is_starting(self) -> bool:
        """Return whether a request with a token would wait for the first keys. Public views never wait for them."""
        following = self._guard.following
        return following is not None and not following.is_ready

    def _has_token(self, request: HttpRequest) -> bool:
        """Return whether a request has a token, so that it has to wait for the first keys."""
        try:
            return bool(self._guard.token_of(request.META))
        except REFUSALS:
            return False

    def _is_public(self, request: HttpRequest) -> bool:
        """Return whether the path, or the view to which it leads, is public. Only strangers are asked about so much."""
        try:
            return self._path_is_public(request) or is_public(
                resolve(request.path_info, getattr(request, "urlconf", None)).func
            )
        except Resolver404:
            return False

    def _path_is_public(self, request: HttpRequest) -> bool:
        scope = getattr(request, "scope", {})
        raw = scope.get("raw_path") or raw_path(request.META)
        return self._guard.public.admits(request.method or "", request.path_info, raw)

    def _is_open_when_stale(self, request: HttpRequest, view: Callable[..., Any]) -> bool:
        """Return whether a view serves while the feed is stale. What strangers see is not refused to the signed in."""
        return is_open_when_stale(view) or is_public(view) or self._path_is_public(request)

    def _replaced(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the response to a refusal in place of the error page that another middleware made of it."""
        access = find_access(request)
        refusal = None if access is None else access.refusal
        status = response.status_code
        is_error = status == HTTPStatus.FORBIDDEN or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if refusal is None or not is_error or hasattr(response, _OURS):
            return response
        response.close()
        return self._refuse(refusal)

    def _refuse(self, refusal: KeyturnError) -> HttpResponse:
        rendered = self._guard.core.refuse(refusal)
        response = HttpResponse(rendered.body, status=int(rendered.status), headers=dict(rendered.headers))
        setattr(response, _OURS, True)
        return response


_OURS = "_keyturn_refusal"


def _guard_of_settings() -> WsgiGuard:
    guard = getattr(settings, "KEYTURN_GUARD", None)
    if not isinstance(guard, WsgiGuard):
        raise ImproperlyConfigured(
            "The settings have no KEYTURN_GUARD: set it to remote_guard(issuer=..., audience=...) of"
            " keyturn.guard.django."
        )
    return guard
