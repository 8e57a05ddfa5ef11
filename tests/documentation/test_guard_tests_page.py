"""The page on tests of guarded services: its programs are the tests of a stranger, and pass."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import app.testing.plugin
from app.testing import TestIssuer

from .console import ROOT

PAGE: Final = (ROOT / "docs/guard-tests.md").read_text()
_PROGRAMS: Final = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SETTINGS: Final = '\nROOT_URLCONF = "urls"\nALLOWED_HOSTS = ["testserver"]\n'
_PYTEST: Final = """[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


def test_the_programs_of_the_page_pass(tmp_path: Path) -> None:
    """They run with the plugin. The project of Django is that of its own page."""
    first, orders, fastapi, flask, django = _PROGRAMS.findall(PAGE)
    settings, urls, *_ = _PROGRAMS.findall((ROOT / "docs/guard-django.md").read_text())
    programs = {"test_aiohttp": first, "test_fastapi": fastapi, "test_flask": flask, "test_django": django}
    files = {**programs, "orders": orders, "settings": settings + _SETTINGS, "urls": urls}
    (tmp_path / "keyturn").symlink_to(ROOT / "app")
    (tmp_path / "pytest.ini").write_text(_PYTEST)
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "keyturn.testing.plugin", "-p", "no:cacheprovider"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_the_first_program_has_five_lines() -> None:
    """A test needs at most five lines of the kit."""
    assert len(re.findall(r"(?m)^.*(?:keyturn|issuer|guard).*$", _PROGRAMS.findall(PAGE)[0])) <= 5


def test_the_page_names_what_exists() -> None:
    """Each fixture of the plugin is on the page, and each method that it names exists."""
    fixtures = {name for name in vars(app.testing.plugin) if name.startswith("keyturn_")}
    assert set(re.findall(r"(?m)^\| `(keyturn_\w+)", PAGE)) == fixtures
    issuer = TestIssuer()
    assert all(hasattr(issuer, name) for name in re.findall(r"`issuer\.(\w+)", PAGE))
