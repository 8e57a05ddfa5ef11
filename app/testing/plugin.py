"""The pytest plugin for the tests of guarded applications: a ``TestIssuer``, and the test clients of the frameworks.

pytest loads it where Keyturn is installed. Each fixture imports its framework when it is used.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .issuer import TestIssuer

Connect = Callable[..., Any]
"""Takes an application, and ``token``. Without a token, the client is a stranger."""


@pytest.fixture
def keyturn_issuer() -> "TestIssuer":
    """Return an issuer for one test. A fixture ``keyturn_issuer`` of your own can return one for your audience."""
    from .issuer import TestIssuer  # noqa: PLC0415  # pytest loads this file for people who do not use it

    return TestIssuer()


@pytest.fixture
def keyturn_aiohttp_client() -> Connect:
    """Return a function that makes the test client of aiohttp: it takes an application, and ``token``."""
    from aiohttp.test_utils import TestClient, TestServer  # noqa: PLC0415  # as above

    def connect(app: Any, *, token: str | None = None) -> Any:
        return TestClient(TestServer(app), headers=_headers(token))

    return connect


@pytest.fixture
def keyturn_asgi_client() -> Connect:
    """Return a function that makes an ``httpx.AsyncClient``: it takes an application of ASGI, and ``token``."""
    import httpx  # noqa: PLC0415  # as above

    def connect(app: Any, *, token: str | None = None) -> Any:
        transport = httpx.ASGITransport(app)
        return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=_headers(token))

    return connect


@pytest.fixture
def keyturn_flask_client() -> Connect:
    """Return a function that makes the test client of Flask: it takes an application, and ``token``."""

    def connect(app: Any, *, token: str | None = None) -> Any:
        client = app.test_client()
        client.environ_base.update({f"HTTP_{name.upper()}": value for name, value in _headers(token).items()})
        return client

    return connect


@pytest.fixture
def keyturn_django_client(keyturn_issuer: "TestIssuer") -> Iterator[Connect]:
    """Return a function that makes the test client of Django: it takes ``token``.

    Until the end of the test, a guard of ``keyturn_issuer`` takes the place of the setting ``KEYTURN_GUARD``. It has
    the same public paths. ``guard`` is another one to use.
    """
    from django.conf import settings  # noqa: PLC0415  # as above
    from django.test import Client, override_settings  # noqa: PLC0415  # as above

    with ExitStack() as stack:

        def connect(*, token: str | None = None, guard: Any = None) -> Any:
            guard = guard or keyturn_issuer.wsgi_guard(public=settings.KEYTURN_GUARD.public.declared)
            stack.enter_context(override_settings(KEYTURN_GUARD=guard))
            return Client(headers=_headers(token))

        yield connect


def _headers(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}
