"""What a member of a request must be: a rule judges a value, and says the same as a JSON schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Rule(Protocol):
    """Judges a value that is there."""

    def fault(self, value: object) -> str | None:
        """Return what the value must be, if it is not that."""
        ...

    @property
    def schema(self) -> Mapping[str, Any]:
        """Return what the rule adds to the schema of the member's type."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string of ``least`` to ``most`` characters."""

    least: int
    most: int

    def fault(self, value: object) -> str | None:
        if not isinstance(value, str):
            return "must be a string"
        if not self.least <= len(value) <= self.most:
            return f"must have {self.least} to {self.most} characters"
        return None

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"minLength": self.least, "maxLength": self.most}


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of at most ``count`` strings of 1 to ``most`` characters."""

    count: int
    most: int

    def fault(self, value: object) -> str | None:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return "must be a list of strings"
        if len(value) > self.count or not all(1 <= len(each) <= self.most for each in value):
            return f"must be at most {self.count} strings of 1 to {self.most} characters"
        return None

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"items": {"type": "string", **Text(1, self.most).schema}, "maxItems": self.count}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from 0 to ``most``; to JSON Schema 60.0 is one, too."""

    most: int

    def fault(self, value: object) -> str | None:
        fault = f"must be a whole number from 0 to {self.most}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return fault
        return None if 0 <= value <= self.most and value == int(value) else fault

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"minimum": 0, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Members:
    """An object, whatever its members."""

    def fault(self, value: object) -> str | None:
        return None if isinstance(value, dict) else "must be an object"

    @property
    def schema(self) -> Mapping[str, Any]:
        return {}
