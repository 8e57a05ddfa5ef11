"""What every domain test can ask for."""

import pytest

from .world import World


@pytest.fixture
async def world() -> World:
    """Return the services on fakes, with the policies' defaults."""
    return await World.create()
