"""The settings of the service, read from environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from ...domain.errors import ConfigurationError
from .contradictions import contradictions
from .derived import DerivedSettings
from .environment import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(DerivedSettings):
    """Every setting, and the values that follow from them. Settings from the environment have no contradictions."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings in ``environment``; raises ``ConfigurationError`` with a line for each fault."""
        given, faults = read(environment, fields(cls))
        settings = cls(**given)
        faults = faults or list(contradictions(settings))
        if faults:
            raise ConfigurationError("\n".join(faults))
        return settings
