"""The page on deployments: its commands run, in a layer over this machine's files."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.deployment.containerfile import Image, run_step
from tests.deployment.layers import Layer, needs_mounts
from tests.deployment.paths import DEPLOY

from .console import ROOT, examples

PAGE: Final = "docs/deploying.md"
STAND_INS: Final = ("docker", "kubectl", "systemctl", "curl")
_STAND_IN: Final = '#!/bin/sh\necho "$(basename "$0") $*" >> /srv/called\n'


@pytest.fixture
def machine(tmp_path: Path) -> Image:
    """Return a machine with stand-ins for the programs that need a daemon, a cluster or the internet."""
    image = Image(Layer(tmp_path / "machine"), folder=str(ROOT))
    image.layer.let_everybody_enter(ROOT)
    image.variables["PATH"] = f"/srv/stand-ins:{image.variables['PATH']}"
    folder = image.layer.path("/srv/stand-ins")
    folder.mkdir(parents=True)
    for name in STAND_INS:
        (folder / name).write_text(_STAND_IN)
        (folder / name).chmod(0o755)
    return image


@needs_mounts
def test_commands_run(machine: Image) -> None:
    """Each command succeeds. Then the files of the unit and of compose are there, and only root reads the secrets."""
    found = examples(PAGE)
    assert len(found) >= 18
    for each in found:
        assert each.output == ""
        run_step(machine, each.command, offline=True)
    called = machine.layer.path("/srv/called").read_text("utf-8")
    assert {line.split()[0] for line in called.splitlines()} == set(STAND_INS)
    for name in ("etc/keyturn/key-encryption-key", "etc/keyturn/keyturn.env", f"{ROOT}/deploy/.env"):
        assert machine.layer.path(name).stat().st_mode & 0o777 == 0o600
    assert machine.layer.path("/opt/keyturn/bin/keyturn").exists()
    assert machine.layer.path("/etc/systemd/system/keyturn.service").exists()


def test_every_name_of_the_commands_is_right() -> None:
    """The files that the commands name exist, and so does everything that compose and Kubernetes are asked for."""
    commands = "\n".join(each.command for each in examples(PAGE))
    for each in set(re.findall(r"(?:deploy|requirements)/[\w./-]+", commands)) - {"deploy/.env"}:
        assert (ROOT / each).is_file()
    secret = re.findall(r"--from-literal=([\w-]+)=", commands)
    manifest = (DEPLOY / "kubernetes" / "keyturn.yaml").read_text("utf-8")
    assert sorted(secret) == sorted(re.findall(r"_FILE, value: /run/secrets/keyturn/([\w-]+)", manifest))
    variables = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert variables == {"ISSUER", *re.findall(r"[A-Z]+_[A-Z_]+", re.findall(r"for name in ([^;]+)", commands)[0])}


def test_page_names_every_example() -> None:
    """The table names every file of the folder that an operator copies."""
    page = (ROOT / PAGE).read_text("utf-8")
    files = {path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".py" and path.name != ".env"}
    assert {path.relative_to(ROOT).as_posix() for path in files} == set(re.findall(r"\]\(\.\./(deploy/[^)]+)\)", page))
