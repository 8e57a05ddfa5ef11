"""The settings of the service, read from environment variables."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from typing import Any, Self

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

        Contradictions are looked for if every value is valid: a value that is missing may resolve one, or cause it.
        """
        given, faults = read(environment, fields(cls))
        settings = cls(**given)
        unread = {each.name for each in fields(cls) if each.name not in given and _is_set(each, environment)}
        return settings, faults or list(contradictions(settings)), unread


def _is_set(setting: Field[Any], environment: Mapping[str, str]) -> bool:
    """Return whether a variable of the setting is set."""
    name = setting.metadata["name"]
    return name in environment or (setting.metadata["secret"] and f"{name}_FILE" in environment)
