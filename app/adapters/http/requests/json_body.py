"""Typed request bodies: a frozen dataclass whose fields say what a member must be."""

from collections.abc import Mapping
from dataclasses import field, fields
from functools import cache
from typing import Any, TypeVar

from aiohttp import web

from ....domain.errors import FieldError, InvalidRequest
from .body import read_json_object
from .fields import Rule, Text

_Model = TypeVar("_Model")


def text(*, most: int, least: int = 1, required: bool = True, secret: bool = False) -> Any:
    """Declare a member that is a string of ``least`` to ``most`` characters; a secret one is hidden in ``repr``."""
    metadata = {"rule": Text(least, most), "required": required}
    if required:
        return field(repr=not secret, metadata=metadata)
    return field(default=None, repr=not secret, metadata=metadata)


def optional(rule: Rule) -> Any:
    """Declare a member that may be left out, and keeps to ``rule`` where it is not."""
    return field(default=None, metadata={"rule": rule, "required": False})


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
    for name, (rule, required) in rules(kind).items():
        value = members.get(name)
        if value is not None:
            values[name] = value
        fault = _fault(value, rule, required=required)
        if fault:
            errors.append(FieldError(name, fault))
    if errors:
        raise InvalidRequest("A field is missing or wrong.", errors=errors)
    return model(**values)


@cache
def rules(model: Any) -> Mapping[str, tuple[Rule, bool]]:
    """Return the rule of each member, and whether it must be there."""
    return {each.name: (each.metadata["rule"], each.metadata["required"]) for each in fields(model)}


def _fault(value: object, rule: Rule, *, required: bool) -> str | None:
    if value is None:
        return "is missing" if required else None
    return rule.fault(value)
