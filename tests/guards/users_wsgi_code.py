"""The code of a user of Flask and Django, for ``mypy --strict``: right uses, and wrong ones that it must find."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import View
from flask import Flask

from app.guard import django, flask, wsgi

app = Flask(__name__)
guard = flask.remote_guard(issuer="https://id.example", audience="orders", public=["/health"])
guard.protect(app)


@app.get("/orders")
@flask.requires("orders:read")
def orders() -> dict[str, str]:
    """Return whose orders these are."""
    return {"orders_of": flask.principal().subject}


@django.requires("orders:read")
def seen(request: django.GuardedRequest, item: int) -> HttpResponse:
    """Return the principal of a guarded view."""
    return HttpResponse(request.principal.subject + str(item))


@django.public
class Welcome(View):
    """A class of views."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Welcome somebody."""
        found = django.optional_principal(request)
        return HttpResponse("stranger" if found is None else found.subject)


urlpatterns = [path("seen/<int:item>", seen), path("", Welcome.as_view())]


def wrong(request: django.GuardedRequest) -> None:
    """Use the guards wrongly."""
    flask.remote_guard(issuer="https://id.example")  # type: ignore[call-arg]
    wsgi.remote_guard(issuer="https://id.example", audience="orders", public=5)  # type: ignore[arg-type]
    number: int = wsgi.principal({}).subject  # type: ignore[assignment]
    seen(request, "tea")  # type: ignore[arg-type]
    django.public(5)  # type: ignore[type-var]
    guard.is_valid("alice")  # type: ignore[arg-type]
    del number
