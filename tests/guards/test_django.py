"""The guard for Django: marks of views, other middlewares, and settings."""

import subprocess
import sys

from .drivers import ROOT

_PROGRAM = """
import asyncio, sys, types
from django.conf import settings
from app.adapters.keys.rsa_key import generate_rsa_key
from app.guard.django import (
    GuardMiddleware, guard, closed_when_stale, open_when_stale, optional_principal, public, requires, WsgiGuard,
)
from app.testing.builders import ISSUER
from tests.http.forgery import Forge
from tests.http.guarded_app import AUDIENCE, bearer, jwk_set

forge = Forge(generate_rsa_key(2048))
fixed = guard(issuer=ISSUER, audience=AUDIENCE, jwk_set=jwk_set(forge), public=["/files/*"])

class Feed:
    def is_stale(self):
        return True

class Answers:  # such as a middleware that gives documents for unknown paths
    def __init__(self, get_response):
        self.get_response = get_response
    def __call__(self, request):
        seen.append(request.path)
        if "HTTP_X_MOVE" in request.META:
            request.urlconf = moved
        response = self.get_response(request)
        if response.status_code == 404:
            response = HttpResponse("a document")
        return response

seen = []
module = types.ModuleType("middlewares"); module.Answers = Answers; sys.modules["middlewares"] = module
settings.configure(ALLOWED_HOSTS=["testserver"], ROOT_URLCONF="urls", KEYTURN_GUARD=fixed,
                   MIDDLEWARE=["app.guard.django.GuardMiddleware", "middlewares.Answers"])
from django.http import HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
import django; django.setup()

@public
class Open(View):
    def get(self, request):
        found = optional_principal(request)
        return HttpResponse("stranger" if found is None else found.subject)

class Inherits(Open):
    pass

class Forgotten(View):
    def get(self, request):
        return HttpResponse("secret")

class Scoped(View):
    @requires("orders:write")
    async def get(self, request):
        return HttpResponse("secret")

@method_decorator(requires("orders:write"), name="dispatch")
class Dispatched(Forgotten):
    pass

@closed_when_stale
def fresh(request):
    return HttpResponse("secret")

@open_when_stale
def stale(request):
    return HttpResponse("served")

urls = types.ModuleType("urls"); sys.modules["urls"] = urls
urls.urlpatterns = [path(name, view) for name, view in {
    "open": Open.as_view(), "inherits": Inherits.as_view(), "forgotten": Forgotten.as_view(),
    "scoped": Scoped.as_view(), "dispatched": Dispatched.as_view(), "fresh": fresh, "stale": stale,
    "files/x": Forgotten.as_view()}.items()]
moved = types.ModuleType("moved"); sys.modules["moved"] = moved
moved.urlpatterns = [path("open", Forgotten.as_view()), path("forgotten", Open.as_view())]

class Both:
    def get(self, path, **headers):
        here = Client(raise_request_exception=False).get(path, headers=headers)
        there = asyncio.run(AsyncClient(raise_request_exception=False).get(path, headers=headers))
        assert (here.status_code, here.content) == (there.status_code, there.content), (path, here, there)
        return here.status_code, here.content.decode()

client, good = Both(), bearer(forge)
assert client.get("/open") == (200, "stranger")
assert client.get("/open", **good) == (200, "alice-subject")
assert client.get("/files/x") == (200, "secret")
# A subclass is not public, and neither is a view that somebody forgot, nor an unknown path.
seen.clear()
for target in ("/inherits", "/forgotten", "/scoped", "/fresh", "/unknown", "/", "/open/", "/OPEN"):
    assert client.get(target)[0] == 401, target
assert seen == []
assert client.get("/unknown", **good) == (200, "a document")
# Another middleware leads a stranger from a public view to one that is not.
assert client.get("/open", x_move="1")[0] == 401
assert client.get("/forgotten", x_move="1")[0] == 401
for target in ("/scoped", "/dispatched"):
    assert client.get(target, **good)[0] == 403, target
# A check that needs a feed fails under a guard without one.
assert client.get("/fresh", **good)[0] == 500
closed = WsgiGuard(fixed.open_requests, feed=Feed(), closed=True, public=["/files/*"])
with override_settings(KEYTURN_GUARD=closed):
    targets = ("/stale", "/forgotten", "/fresh", "/open", "/files/x")
    assert [client.get(p, **good)[0] for p in targets] == [200, 503, 503, 200, 200]
with override_settings(KEYTURN_GUARD=WsgiGuard(fixed.open_requests, feed=Feed())):
    assert [client.get(p, **good)[0] for p in ("/stale", "/forgotten", "/fresh", "/open")] == [200, 200, 503, 200]
with override_settings(KEYTURN_GUARD=None):
    try:
        GuardMiddleware(lambda request: None)
    except Exception as error:
        assert "KEYTURN_GUARD" in str(error)
    else:
        raise AssertionError("the setting is missing")
with override_settings(MIDDLEWARE=[]):
    assert client.get("/scoped", **good)[0] == 500
for wrong in (lambda: public(fresh), lambda: public(Scoped), lambda: requires("a")(Open), lambda: requires("a b"),
              lambda: public((1, 2)), lambda: closed_when_stale(public(lambda request: None))):
    try:
        wrong()
    except TypeError:
        continue
    raise AssertionError("a wrong mark was taken")
"""


def test_the_guard_for_django() -> None:
    """Synchronous and asynchronous requests get the same answers: a stranger reaches public views alone and no other
    middleware, whatever leads him elsewhere; scopes and the policy for a stale feed hold; wrong marks are a TypeError.

    Django has one set of settings for a process, so that the test has a process of its own.
    """
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=ROOT, check=False, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
