"""The Containerfile: its steps run, and what they make starts as another user in a root that cannot be written."""

import subprocess

import pytest

from tests.system.processes import ROOT

from . import containerfile
from .layers import needs_mounts


def test_every_file_exists() -> None:
    """Each file that is copied from the tree is there and reaches the builder. Nothing else does."""
    copied = [rest.split() for name, rest in containerfile.instructions() if name == "COPY" and "--from" not in rest]
    sources = {each for *sources, _ in copied for each in sources}
    assert sources
    for each in sources:
        assert (ROOT / each).exists()
        assert containerfile.is_sent_to_the_builder(each)
    for each in (".git", ".venv", "tests", "deploy/.env", "app/__pycache__"):
        assert not containerfile.is_sent_to_the_builder(each) or each.startswith("app/")


def test_no_step_runs_as_the_user_of_the_image() -> None:
    """Every step comes before USER, and what follows it only says how a container starts."""
    names = [name for name, _ in containerfile.instructions()]
    assert set(names[names.index("USER") + 1 :]) <= {"EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


@needs_mounts
@pytest.mark.proof("deployments")
def test_steps_make_an_image(image: containerfile.Image) -> None:
    """The steps make an image whose command runs as another user, without pip and without the tree."""
    variables = [f"{name}={value}" for name, value in image.variables.items()]
    command = image.layer.confined(
        "env", "-i", *variables, "keyturn", "--help", user=image.user, folder=image.folder, volumes={}
    )
    printed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert printed.stdout.startswith("usage: keyturn"), printed.stderr
    assert not list(image.layer.path("/opt/keyturn").glob("lib/python*/site-packages/pip"))
    assert sorted(each.name for each in image.layer.path("/opt").iterdir()) == ["keyturn"]
