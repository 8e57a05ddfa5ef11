"""The page on OAuth: its table of commands and its examples."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.cli import main
from app.cli.declared import COMMANDS
from app.domain.clients.refusal import ClientRefusal
from tests.system.processes import running

from .console import ROOT, examples

PAGE = "docs/oauth.md"
MAY = ("--grant", "client_credentials", "--scope", "stock:read", "--audience", "stock", "--introspects", "stock")


def test_table_lists_all_commands() -> None:
    """The table lists each command of the group, and nothing else."""
    listed = re.findall(r"^\| `./scripts/keyturn clients ([a-z-]+)", (ROOT / PAGE).read_text(), re.MULTILINE)
    assert {f"clients {each}" for each in listed} == {
        each.name for each in COMMANDS if each.name.startswith("clients ")
    }


def test_table_lists_all_reasons() -> None:
    """The table lists each reason for which a client is refused, in the order of the code, and nothing else."""
    section = (ROOT / PAGE).read_text().partition("### Why a client is refused")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([a-z_]+)` \| ", section, re.MULTILINE)[1:] == list(ClientRefusal)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are written for curl, which is not here")
def test_example_output_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command prints what the page shows, for the client that the page registers."""
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db"}
    main(["clients", "add", "orders", *MAY, "--json"], {f"KEYTURN_{name}": each for name, each in settings.items()})
    secret = json.loads(capsys.readouterr().out)["client_secret"]
    found = examples(PAGE)
    assert len(found) >= 7
    mark = "----- next"
    with running(tmp_path, settings) as service:
        script = f"\necho '{mark}'\n".join(example.command for example in found)
        shell = subprocess.run(
            ["bash", "-eu"],  # noqa: S607  # bash is wherever the reader has it
            input=f"SECRET={secret}\n" + re.sub(r"http://127\.0\.0\.1:8080", service.url, script),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    for example, output in zip(found, shell.stdout.split(f"{mark}\n"), strict=True):
        assert example.prints(output), f"{example.command}\nprinted\n{output}"
