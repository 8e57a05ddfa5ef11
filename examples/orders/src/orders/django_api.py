"""The same routes in Django. Run them with ``gunicorn 'orders.django_api:application()'``."""

import os
from collections import defaultdict
from dataclasses import asdict

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST
from keyturn.guard.django import GuardedRequest, closed_when_stale, public, requires

CATALOGUE = ("tea", "coffee", "chocolate")
ORDERS: defaultdict[str, list[str]] = defaultdict(list)


@public
@require_GET
def catalogue(_: HttpRequest) -> JsonResponse:
    """Return the catalogue. Anyone may read it."""
    return JsonResponse({"catalogue": CATALOGUE})


@public
@require_GET
def health(_: HttpRequest) -> JsonResponse:
    """Return the state of the guard, for monitoring."""
    from .django_settings import KEYTURN_GUARD  # noqa: PLC0415  # the settings say where the views are

    state = asdict(KEYTURN_GUARD.state())
    return JsonResponse({name: state[name] for name in ("keys_age", "feed_age", "feed_is_stale")})


@require_GET
@requires("orders:read")
def list_orders(request: GuardedRequest) -> JsonResponse:
    """Return the orders of the caller. This goes on while the issuer is away."""
    return JsonResponse({"orders": ORDERS[request.principal.subject]})


@require_POST
@closed_when_stale
@requires("orders:write")
def order(request: GuardedRequest, item: str) -> JsonResponse:
    """Order an item. Orders cost money, so they stop while the guard does not hear of revoked sessions."""
    if item not in CATALOGUE:
        raise Http404
    ORDERS[request.principal.subject].append(item)
    return JsonResponse({"ordered": item}, status=201)


urlpatterns = [
    path("catalogue", catalogue),
    path("health", health),
    path("orders", list_orders),
    path("orders/<item>", order),
]


def application() -> WSGIHandler:
    """Return the service, once its guard has keys or has tried for 5 seconds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orders.django_settings")
    from .django_settings import KEYTURN_GUARD  # noqa: PLC0415  # it needs the issuer

    KEYTURN_GUARD.wait()
    return get_wsgi_application()
