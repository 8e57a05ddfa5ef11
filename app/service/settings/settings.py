"""The settings of the service, read from environment variables."""

from collections.abc import Collection, Mapping, Sequence
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
        settings, faults, _ = cls.examine(environment)
        if faults:
            raise ConfigurationError("\n".join(faults))
        return settings

    @classmethod
    def examine(cls, environment: Mapping[str, str]) -> tuple[Self, Sequence[str], Collection[str]]:
        """Return the settings in ``environment``, a sentence for each fault, and the names of the fields that have no
        value because of a fault. These fields have their defaults.

        Contradictions are looked for if no value is missing: it may resolve one, or cause it.
        """
        given, faults, unread = read(environment, fields(cls))
        settings = cls(**given)
        return settings, faults if unread else [*faults, *contradictions(settings)], unread
