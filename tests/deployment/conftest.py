"""What the tests of deployments share."""

import fcntl
import pickle
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from .certificates import Certificate, make_certificate
from .containerfile import Image, build
from .layers import Layer


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Return a certificate for this machine."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Return the image that the Containerfile makes. With ``--full`` its packages come from the lock file.

    If several processes run the tests, one of them makes it. Each has a copy: a layer cannot be mounted twice.
    """
    offline, folder = not request.config.getoption("full"), tmp_path_factory.mktemp("image")
    if not hasattr(request.config, "workerinput"):
        return build(folder, offline=offline)
    made = _made_once(tmp_path_factory.getbasetemp().parent, offline=offline)
    layer = Layer(folder)
    subprocess.run(["cp", "--archive", f"{made.layer.files}/.", layer.files], check=True)  # noqa: S607  # coreutils
    return replace(made, layer=layer)


def _made_once(folder: Path, *, offline: bool) -> Image:
    """Return the image that the first process made in ``folder``."""
    made = folder / "image.pickle"
    with (folder / "image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            made.write_bytes(pickle.dumps(build(folder / "image", offline=offline)))
    image: Image = pickle.loads(made.read_bytes())  # noqa: S301  # of this run
    return image
