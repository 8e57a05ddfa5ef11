"""Fixtures of the domain tests."""

import pytest

from app.testing.world import World


@pytest.fixture
async def world() -> World:
    """Return the services on fakes, with default policies."""
    return await World.create()
