"""The types of Kubernetes, from the models of lightkube, and a check of values against them.

The models build on a base of the client ``lightkube``, which is not needed here: plain dataclasses stand for it.
"""

import dataclasses
import sys
import typing
from types import ModuleType
from typing import Any, Final

_base = ModuleType("lightkube.core.schema")
vars(_base).update(DictMixin=object, dataclass=dataclasses.dataclass, field=dataclasses.field)
sys.modules.setdefault("lightkube.core", ModuleType("lightkube.core"))
sys.modules.setdefault("lightkube.core.schema", _base)

from lightkube.models import apps_v1, core_v1, policy_v1  # noqa: E402  # after its base

SERVICE: Final[Any] = core_v1.Service
_MODELS: Final[dict[tuple[str, str], Any]] = {
    ("apps/v1", "Deployment"): apps_v1.Deployment,
    ("v1", "Service"): SERVICE,
    ("policy/v1", "PodDisruptionBudget"): policy_v1.PodDisruptionBudget,
}


def faults_of(manifest: dict[str, Any]) -> list[str]:
    """Return what in a manifest does not fit the types of its kind."""
    return faults(manifest, _MODELS[manifest["apiVersion"], manifest["kind"]], manifest["kind"])


def faults(value: Any, model: Any, path: str) -> list[str]:
    """Return what in ``value`` does not fit the type ``model``. ``path`` is where the value stands."""
    origin, arguments = typing.get_origin(model), typing.get_args(model)
    if origin is typing.Union:
        found = [faults(value, each, path) for each in arguments if each is not type(None)]
        return min(found, key=len)
    if origin is list:
        return [fault for each in value for fault in faults(each, arguments[0], f"{path}[]")]
    if origin is dict:
        return [fault for name, each in value.items() for fault in faults(each, arguments[1], f"{path}.{name}")]
    if dataclasses.is_dataclass(model):
        return _faults_of_fields(value, model, path)
    return [] if isinstance(value, model) else [f"{path} is {value!r}, not {model.__name__}"]


def _faults_of_fields(value: dict[str, Any], model: Any, path: str) -> list[str]:
    fields = {each.metadata.get("json", each.name): each for each in dataclasses.fields(model)}
    types = typing.get_type_hints(model)
    unknown = [f"{path}.{name} does not exist" for name in value.keys() - fields.keys()]
    required = {name for name, each in fields.items() if each.default is dataclasses.MISSING}
    missing = [f"{path}.{name} is missing" for name in required - value.keys()]
    inside = [(name, fields[name]) for name in value.keys() & fields.keys()]
    return unknown + missing + [f for name, at in inside for f in faults(value[name], types[at.name], f"{path}.{name}")]
