"""The README: its example, its tables and its links."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from app.adapters.http.api.console import CONSOLE_ROUTES
from app.adapters.http.api.docs import PAGE_ROUTES
from app.adapters.http.api.table import ROUTES
from app.service.settings import Settings
from tests.system.processes import PREPARED

from .console import ROOT, Example, examples

README = (ROOT / "README.md").read_text()


@pytest.fixture
def serving() -> Iterator[tuple[str, str]]:
    """Run the README's first command on a free port. Return the line that it prints, and the URL."""
    command = examples("README.md")[0].command
    environment = {**os.environ, "KEYTURN_PORT": "0"}
    with subprocess.Popen(
        ["bash", "-c", f"exec env {command}"],  # noqa: S607  # bash is wherever the reader has it
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        announced = process.stdout.readline()
        try:
            yield announced, announced.split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.mark.skipif(not PREPARED, reason="the script would install what it needs; scripts/test has done that")
@pytest.mark.skipif(shutil.which("curl") is None, reason="the example is written for curl, which is not here")
def test_example_output_is_right(serving: tuple[str, str], tmp_path: Path) -> None:
    """Each command of the worked example prints exactly what the README shows."""
    announced, url = serving
    start, *rest = examples("README.md")
    assert announced == start.output.replace("http://127.0.0.1:8080", url)
    assert len(rest) >= 10
    for example, output in zip(rest, _run(rest, url, tmp_path), strict=True):
        assert example.prints(output), f"{example.command}\nprinted\n{output}"


def _run(commands: list[Example], url: str, folder: Path) -> list[str]:
    """Run the commands in one shell. Return the output of each."""
    mark = "----- next"
    script = f"\necho '{mark}'\n".join(example.command for example in commands)
    script = script.replace("http://127.0.0.1:8080", url)
    shell = subprocess.run(
        ["bash", "-eu"],  # noqa: S607  # bash is wherever the reader has it
        input=script,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return shell.stdout.split(f"{mark}\n")


def test_table_lists_all_settings() -> None:
    """The table lists each setting with its default and its description, and nothing else."""
    rows = [tuple(map(str.strip, row.split("|")[1:4])) for row in re.findall(r"^\| `KEYTURN_.*$", README, re.MULTILINE)]
    about = [each.metadata for each in fields(Settings)]
    assert rows == [
        (f"`{each['name']}`", f"`{each['default']}`" if each["default"] else "none", each["help"]) for each in about
    ]


def test_table_lists_all_endpoints() -> None:
    """The table lists each route, and nothing else."""
    table = README.split("## The endpoints")[1].split("## ")[0]
    assert set(re.findall(r"`([A-Z]+) (/\S*)`", table)) == {
        (route.method, route.template) for route in (*ROUTES, *PAGE_ROUTES, *CONSOLE_ROUTES)
    }


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")), ids=lambda page: page.name
)
def test_links_are_not_broken(page: Path) -> None:
    """Each relative link of a page leads to an existing file or folder."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))], ids=lambda page: page.name
)
def test_named_files_exist(page: Path) -> None:
    """Each file or folder of the tree that a page names in code font exists."""
    named = re.findall(r"`((?:app|tests|scripts|docs|examples)/[\w./-]+)`", page.read_text())
    assert [path for path in named if "TECHNOLOGY" not in path and not (ROOT / path).exists()] == []
