"""JSON schemas of the models: the dataclasses of requests, and the ``TypedDict``s of responses."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from ..requests.fields import rules

Schema = dict[str, Any]

_PLAIN: Final[Mapping[Any, Schema]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    dict: {"type": "object"},
    NoneType: {"type": "null"},
}


class Schemas:
    """Returns the schemas of types. The schema of a model is a reference; ``components`` has the schema itself."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._models: dict[str, Any] = {}

    def of(self, annotation: Any) -> Schema:
        """Return the schema of a type: a model, or the type of a model's member."""
        if annotation in _PLAIN:
            return dict(_PLAIN[annotation])
        origin, arguments = get_origin(annotation), get_args(annotation)
        return self._generic(origin, arguments) if arguments else self._reference(annotation)

    def _generic(self, origin: Any, arguments: tuple[Any, ...]) -> Schema:
        inner = arguments[0]
        if origin is Literal:
            return {"type": "string", "enum": list(arguments)}
        if origin is Annotated:
            return {**self.of(inner), "description": arguments[1]}
        if origin is NotRequired:
            return self.of(inner)
        if origin is dict:
            return self.of(dict)
        if origin is list:
            return {"type": "array", "items": self.of(inner)}
        if origin in (Union, UnionType):
            return self._union(arguments)
        raise TypeError(f"{origin!r} of {arguments!r} has no schema")

    def _union(self, types: tuple[Any, ...]) -> Schema:
        if types[1:] == (NoneType,):
            schema = self.of(types[0])
            return {**schema, "type": [schema["type"], "null"]}
        return {"anyOf": [self.of(each) for each in types]}

    def _reference(self, model: Any) -> Schema:
        name = model.__name__
        if self._models.setdefault(name, model) is not model:
            raise TypeError(f"two models are named {name}")
        if name not in self.components:
            members = _request_model(self, model) if is_dataclass(model) else _response_model(self, model)
            self.components[name] = {"type": "object", "description": markdown(model), **members}
        return {"$ref": f"#/components/schemas/{name}"}


def markdown(documented: Any) -> str:
    """Return the docstring of a model or a handler as Markdown, on one line."""
    return " ".join((documented.__doc__ or "").replace("``", "`").split())


def example(model: Any) -> dict[str, str]:
    """Return the smallest body that a request model accepts."""
    return {name: name for name, rule in rules(model).items() if rule.required}


def _request_model(schemas: Schemas, model: Any) -> Schema:
    hints = get_type_hints(model, include_extras=True)
    properties = {name: {**schemas.of(hints[name]), **rule.schema} for name, rule in rules(model).items()}
    return {"properties": properties, "required": list(example(model))}


def _response_model(schemas: Schemas, model: Any) -> Schema:
    if not is_typeddict(model):
        raise TypeError(f"{model!r} has no schema: it is neither a request model nor a TypedDict")
    hints = get_type_hints(model, include_extras=True)
    properties = {name: schemas.of(hint) for name, hint in hints.items()}
    return {"properties": properties, "required": sorted(model.__required_keys__, key=list(hints).index)}
