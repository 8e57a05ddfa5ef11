"""Settings that tests make of variables."""

from typing import Final

import pytest

from app.domain.errors import ConfigurationError
from app.service.settings import Settings

SECRET: Final = "hunter-two"  # noqa: S105  # a test's


def settings(**variables: str) -> Settings:
    """Return the settings of these variables, which are named without the prefix."""
    return Settings.from_environment({f"KEYTURN_{name}": value for name, value in variables.items()})


def fault(**variables: str) -> str:
    """Return the error for these variables."""
    with pytest.raises(ConfigurationError) as caught:
        settings(**variables)
    return str(caught.value)
