"""The pages on the guards for Flask and Django: their programs run on gunicorn."""

import asyncio
import re
import sys
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

import app.guard.django
import app.guard.flask
from app.adapters.keys.rsa_key import generate_rsa_key
from app.testing.system import FakeClock
from tests.guards.attacks import bearer
from tests.guards.drivers import Driver
from tests.http.fake_issuer import SID, FakeIssuer
from tests.http.forgery import Forge
from tests.http.guarded_app import AUDIENCE, claims, jwk_set
from tests.servers.ports import free_port

from .console import ROOT

FLASK, DJANGO = ((ROOT / f"docs/guard-{name}.md").read_text() for name in ("flask", "django"))
_PROGRAMS: Final = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SETTINGS: Final = '\nROOT_URLCONF = "urls"\nALLOWED_HOSTS = ["127.0.0.1"]\n'
_PATIENCE: Final = 60.0

_FLASK, _WSGI, _KEYS = _PROGRAMS.findall(FLASK)
_DJANGO_SETTINGS, _DJANGO_VIEWS, _DJANGO_STREAM = _PROGRAMS.findall(DJANGO)


@pytest.fixture
async def issuer() -> AsyncIterator[FakeIssuer]:
    """Return a running issuer."""
    async with FakeIssuer(Forge(generate_rsa_key(2048)), FakeClock(float(int(time.time())))) as issuer:
        yield issuer


@pytest.mark.parametrize("program", [_FLASK, _DJANGO_SETTINGS])
def test_a_guard_takes_five_lines(program: str) -> None:
    """The first program has at most five lines about the guard."""
    assert len(re.findall(r"(?mi)^.*(?:keyturn|guard|requires|principal).*$", program)) <= 5


@pytest.mark.parametrize(
    ("files", "served"),
    [
        pytest.param({"orders.py": _FLASK}, "orders:app", id="Flask"),
        pytest.param({"orders.py": _WSGI}, "orders:app", id="WSGI"),
        pytest.param(
            {"settings.py": _DJANGO_SETTINGS + _SETTINGS, "urls.py": _DJANGO_VIEWS},
            "django.core.wsgi:get_wsgi_application()",
            id="Django",
        ),
    ],
)
async def test_the_first_program_guards_its_routes(
    files: dict[str, str], served: str, issuer: FakeIssuer, tmp_path: Path
) -> None:
    """A token opens the route until its session ends. Without a token only the public path answers, and a path that
    nobody wrote asks for one too.
    """
    (tmp_path / "keyturn").symlink_to(ROOT / "app")
    for name, text in files.items():
        (tmp_path / name).write_text(text.replace("http://127.0.0.1:8080", issuer.url))
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--threads=2", f"-b127.0.0.1:{port}", served]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, env={"DJANGO_SETTINGS_MODULE": "settings"}, stderr=DEVNULL
    )
    try:
        driver, good = Driver(port), bearer(issuer.signer.token(claims(iss=issuer.url)))
        await driver.wait_until_it_listens()
        assert [(await driver.ask(path)).status for path in (b"/orders", b"/nothing")] == [401, 401]
        assert (await driver.ask(b"/")).status == (401 if files.get("orders.py") == _WSGI else 200)
        reply = await driver.ask(b"/orders", good)
        assert (reply.status, b"alice-subject" in reply.body) == (200, True)
        issuer.clock.time = time.time()
        issuer.feed["revoked"] = {SID: int(issuer.clock.now())}
        async with asyncio.timeout(_PATIENCE):
            while (await driver.ask(b"/orders", good)).status == 200:  # noqa: ASYNC110  # only polling shows it
                await asyncio.sleep(0.1)
    finally:
        process.terminate()
        await process.wait()


def test_keys_from_a_file() -> None:
    """The last program of the page on Flask accepts the tokens of its keys, and has no thread."""
    from flask import Flask  # noqa: PLC0415  # the tests of the other pages need no Flask

    forge = Forge(generate_rsa_key(2048))
    application = Flask("orders")
    names: dict[str, Any] = {"guard": app.guard.flask.guard, "jwk_set": jwk_set(forge), "app": application}
    exec(compile(_KEYS, "page", "exec"), names)  # noqa: S102  # the page's own text
    token = forge.token(claims(iss="https://id.example", aud=AUDIENCE))
    client = application.test_client()
    assert client.get("/nothing", headers={"Authorization": f"Bearer {token}"}).status_code == 404
    assert client.get("/nothing").status_code == 401


@pytest.mark.parametrize(
    ("module", "name"),
    [(app.guard.flask, name) for name in sorted(set(re.findall(r"`@?(\w+)\(", FLASK)) - {"protect"})]
    + [(app.guard.django, name) for name in sorted(set(re.findall(r"`@?(\w+)\(", DJANGO)))],
    ids=str,
)
def test_named_functions_exist(module: Any, name: str) -> None:
    """Each function that a page names exists in the module that it is about."""
    others = {"Cookie", "check_scope", "check_fresh"}
    assert name in others or name in module.__all__
