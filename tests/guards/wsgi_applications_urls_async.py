"""The asynchronous views of the Django application in ``wsgi_applications.py``."""

from collections.abc import AsyncIterator

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path, re_path
from django.views import View

from app.guard.django import GuardedRequest, public, requires, while_valid

from .applications import SECRET, WRITE


class Orders(View):
    """The orders of the caller."""

    async def get(self, request: GuardedRequest) -> HttpResponse:
        """Return them."""
        return HttpResponse(SECRET + request.principal.subject)

    @requires(WRITE)
    async def post(self, request: GuardedRequest) -> HttpResponse:
        """Add one."""
        return HttpResponse(SECRET)


async def forgotten(request: GuardedRequest) -> StreamingHttpResponse:
    """Stream what nobody may read without a token."""

    async def parts() -> AsyncIterator[bytes]:
        async with while_valid(request):
            yield SECRET.encode()

    return StreamingHttpResponse(parts())


@public
async def welcome(request: GuardedRequest) -> HttpResponse:
    """Welcome strangers."""
    return HttpResponse("welcome")


async def opened(request: GuardedRequest) -> HttpResponse:
    """Welcome strangers, because the path is public."""
    return HttpResponse("welcome")


urlpatterns = [
    path("orders", Orders.as_view()),
    path("forgotten", forgotten),
    path("welcome", welcome),
    re_path("^open/.*$", opened),
]
