"""The views of the Django application in ``wsgi_applications.py``."""

from django.http import HttpResponse
from django.urls import path, re_path
from django.views import View

from app.guard.django import GuardedRequest, public, requires

from .applications import SECRET, WRITE


class Orders(View):
    """The orders of the caller."""

    def get(self, request: GuardedRequest) -> HttpResponse:
        """Return them."""
        return HttpResponse(SECRET + request.principal.subject)

    @requires(WRITE)
    def post(self, request: GuardedRequest) -> HttpResponse:
        """Add one."""
        return HttpResponse(SECRET)


def forgotten(request: GuardedRequest) -> HttpResponse:
    """Return what nobody may read without a token."""
    return HttpResponse(SECRET)


@public
def welcome(request: GuardedRequest) -> HttpResponse:
    """Welcome strangers."""
    return HttpResponse("welcome")


def opened(request: GuardedRequest) -> HttpResponse:
    """Welcome strangers, because the path is public."""
    return HttpResponse("welcome")


urlpatterns = [
    path("orders", Orders.as_view()),
    path("forgotten", forgotten),
    path("welcome", welcome),
    re_path("^open/.*$", opened),
]
