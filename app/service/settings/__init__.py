"""The settings: the environment, read once into one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from ...domain.errors import ConfigurationError
from .contradictions import contradictions
from .derived import DerivedSettings
from .environment import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(DerivedSettings):
    """Every setting, and what follows from them. Those that are read from the environment go together."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings in ``environment``; raises ``ConfigurationError``, naming every fault and its mend."""
        given, faults = read(environment, fields(cls))
        settings = cls(**given)
        faults = faults or list(contradictions(settings))
        if faults:
            raise ConfigurationError("\n".join(faults))
        return settings
