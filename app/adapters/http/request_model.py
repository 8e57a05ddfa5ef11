"""Typed request bodies: a frozen dataclass whose fields say what a member must be."""

from collections.abc import Mapping
from dataclasses import field, fields
from functools import cache
from typing import Any, TypeVar

from aiohttp import web

from ...domain.errors import FieldError, InvalidRequest
from .request_body import read_json_object

_Model = TypeVar("_Model")


def text(*, most: int, least: int = 1, required: bool = True, secret: bool = False) -> Any:
    """Declare a member that is a string of ``least`` to ``most`` characters; a secret one is hidden in ``repr``."""
    metadata = {"least": least, "most": most, "required": required}
    if required:
        return field(repr=not secret, metadata=metadata)
    return field(default=None, repr=not secret, metadata=metadata)


async def read(request: web.Request, model: type[_Model]) -> _Model:
    """Return the request's JSON body as a ``model``; members that it does not name are ignored.

    Raises ``InvalidRequest``, with an error for each wrong field, and what ``read_json_object`` raises.
    """
    return parse(await read_json_object(request), model)


def parse(members: Mapping[str, object], model: type[_Model]) -> _Model:
    """Return ``members`` as a ``model``; raises ``InvalidRequest`` with an error for each wrong field."""
    values: dict[str, object] = {}
    errors: list[FieldError] = []
    kind: Any = model
    for name, rule in _rules(kind):
        value = values[name] = members.get(name)
        fault = _fault(value, **rule)
        if fault:
            errors.append(FieldError(name, fault))
    if errors:
        raise InvalidRequest("A field is missing or wrong.", errors=errors)
    return model(**values)


@cache
def _rules(model: Any) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    return tuple((each.name, each.metadata) for each in fields(model))


def _fault(value: object, *, least: int, most: int, required: bool) -> str | None:
    if value is None:
        return "is missing" if required else None
    if not isinstance(value, str):
        return "must be a string"
    if not least <= len(value) <= most:
        return f"must have {least} to {most} characters"
    return None
