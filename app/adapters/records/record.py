"""What all records have in common: the types of their fields, the number of their format, and how they are read."""

from collections.abc import Mapping
from typing import Final

Value = str | bytes | int | float
"""The value of a field: text, bytes or a number."""

Record = Mapping[str, Value]
"""The fields of a record by their names. A field without a value is left out."""

FORMAT: Final = 1
"""The format of the records that are written. It goes up when an older version could misread a record."""


class UnreadableRecord(ValueError):
    """A record cannot be read. The text names the field, and never its value."""


class Fields:
    """Reads the fields of one record. Each method raises ``UnreadableRecord`` for a field that is missing or wrong.

    Fields that are not known are ignored: a newer version may have added them. A record without ``format``, such as a
    row, has the first one. ``None`` counts as no value.
    """

    def __init__(self, record: Mapping[str, object]) -> None:
        self._record = record
        written = record.get("format", FORMAT)
        if not isinstance(written, int) or not 1 <= written <= FORMAT:
            raise UnreadableRecord("format: a newer version wrote this record")

    def text(self, name: str) -> str:
        """Return a text."""
        value = self._record.get(name)
        if isinstance(value, str):
            return value
        raise UnreadableRecord(f"{name}: not a text")

    def optional_text(self, name: str) -> str | None:
        """Return a text; ``None`` if the field has no value."""
        return None if self._record.get(name) is None else self.text(name)

    def octets(self, name: str) -> bytes:
        """Return bytes."""
        value = self._record.get(name)
        if isinstance(value, bytes):
            return value
        raise UnreadableRecord(f"{name}: not bytes")

    def optional_octets(self, name: str) -> bytes | None:
        """Return bytes; ``None`` if the field has no value."""
        return None if self._record.get(name) is None else self.octets(name)

    def integer(self, name: str) -> int:
        """Return a whole number."""
        value = self._record.get(name)
        if isinstance(value, int):
            return int(value)
        raise UnreadableRecord(f"{name}: not a whole number")

    def time(self, name: str) -> float:
        """Return a time in seconds since the epoch."""
        value = self._record.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        raise UnreadableRecord(f"{name}: not a number")

    def optional_time(self, name: str) -> float | None:
        """Return a time in seconds since the epoch; ``None`` if the field has no value."""
        return None if self._record.get(name) is None else self.time(name)
