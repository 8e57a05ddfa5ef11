"""Read the query string. One rule for each parameter reads its value once, strictly, and gives its JSON schema."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from aiohttp import web

from ....domain.errors import FieldError, InvalidRequest

_T = TypeVar("_T")

_CANONICAL: Final = re.compile(r"0|[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Query(Generic[_T]):
    """An optional parameter of the query string.

    ``parse`` returns the value of a text, or raises ``ValueError`` with a message for the client. ``default`` is the
    value if the parameter is missing.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    parse: Callable[[str], _T]
    default: _T

    def value(self, texts: Sequence[str]) -> _T:
        """Return the value of the parameter, which occurs with these texts; raises ``ValueError``."""
        if len(texts) > 1:
            raise ValueError("must occur only once")
        return self.parse(texts[0]) if texts else self.default


def text_query(name: str, description: str, *, max_length: int) -> Query[str]:
    """Return a parameter that is a text of at most ``max_length`` characters; "" if it is missing."""

    def parse(text: str) -> str:
        if len(text) > max_length:
            raise ValueError(f"must have at most {max_length} characters")
        if "\0" in text or any("\ud800" <= each <= "\udfff" for each in text):  # no store can hold such a text
            raise ValueError("must be text in UTF-8 without zero bytes")
        return text

    return Query(name, description, {"type": "string", "maxLength": max_length}, parse, "")


def whole_number_query(name: str, description: str, *, minimum: int, maximum: int, default: int) -> Query[int]:
    """Return a parameter that is a whole number from ``minimum`` to ``maximum``."""

    def parse(text: str) -> int:
        return whole_number(text, minimum=minimum, maximum=maximum)

    schema = {"type": "integer", "minimum": minimum, "maximum": maximum, "default": default}
    return Query(name, description, schema, parse, default)


def read_query(request: web.Request, *parameters: Query[Any]) -> tuple[Any, ...]:
    """Return the values of the parameters, in their order. Other parameters of the query are ignored.

    Raises ``InvalidRequest`` with an error for each parameter that is wrong or occurs more than once: two readers could
    choose different values.
    """
    values, errors = [], []
    for each in parameters:
        try:
            values.append(each.value(request.query.getall(each.name, [])))
        except ValueError as error:
            errors.append(FieldError(each.name, str(error)))
    if errors:
        raise InvalidRequest("The query is malformed.", errors=errors)
    return tuple(values)


def whole_number(text: str, *, minimum: int, maximum: int) -> int:
    """Return the number that ``text`` writes in its only form: ASCII digits without a sign or leading zeros.

    Raises ``ValueError`` for any other text, and for a number below ``minimum`` or above ``maximum``. Only a text that
    has no more digits than ``maximum`` is converted, and what is judged is what is returned.
    """
    if len(text) <= len(str(maximum)) and _CANONICAL.fullmatch(text) and minimum <= int(text) <= maximum:
        return int(text)
    raise ValueError(f"must be a whole number from {minimum} to {maximum}, without leading zeros")
