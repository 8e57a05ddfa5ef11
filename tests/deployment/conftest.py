"""What the tests of deployments share."""

import pytest

from .certificates import Certificate, make_certificate
from .containerfile import Image, build


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Return a certificate for this machine."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Return the image that the Containerfile makes. With ``--full`` its packages come from the lock file."""
    return build(tmp_path_factory.mktemp("image"), offline=not request.config.getoption("full"))
