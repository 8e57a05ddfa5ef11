"""Read settings from environment variables."""

from collections.abc import Iterable, Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any, Final

from ... import COMMAND
from .declared import PREFIX
from .service_links import is_service_link

_LIKENESS: Final = 0.7
"""How much of two names is equal if one is perhaps meant by the other: from 0 to 1."""

_MARK: Final = "\ufeff"
"""A byte order mark, which editors of Windows put before the first name of a file of variables."""


def read(environment: Mapping[str, str], settings: Iterable[Field[Any]]) -> tuple[dict[str, Any], list[str], set[str]]:
    """Return the valid values by field name, a sentence for each fault, and the names of the fields whose values are
    not valid. Variables of Kubernetes are ignored.
    """
    declared = {each.metadata["name"]: each for each in settings}
    given: dict[str, Any] = {}
    faults, unread = [], set()
    for name in sorted(name for name in environment if name.removeprefix(_MARK).startswith(PREFIX)):
        if is_service_link(name, environment[name]):
            continue
        setting = _find(name, declared)
        if name.startswith(_MARK):
            fault = "a byte order mark is before this name; save the file from which it comes as UTF-8 without one"
            faults.append(f"{name.removeprefix(_MARK)}: {fault}.")
        elif setting is None:
            near = _near(name, declared)
            fault = f"there is no setting of this name; {COMMAND} serve --help lists all settings."
            faults.append(f"{name}: {fault}{near}")
        elif name != setting.metadata["name"] in environment:
            faults.append(f"{name} and {setting.metadata['name']}: give one of them only.")
        else:
            try:
                given[setting.name] = _value(setting, name, environment[name])
            except ValueError as error:
                faults.append(f"{name}: {error}.")
                unread.add(setting.name)
    return given, faults, unread


def _find(name: str, declared: Mapping[str, Field[Any]]) -> Field[Any] | None:
    """Return the setting of this variable, or the secret setting of this ``_FILE`` variable."""
    in_file = declared.get(name.removesuffix("_FILE"))
    return declared.get(name) or (in_file if in_file and in_file.metadata["secret"] else None)


def _near(name: str, declared: Mapping[str, Field[Any]]) -> str:
    """Return a sentence with the setting whose name is like ``name``, or ""."""
    from difflib import get_close_matches  # noqa: PLC0415  # only a fault needs it

    names = [each.removeprefix(PREFIX) for each in declared]
    names += [f"{each}_FILE" for each in names if declared[f"{PREFIX}{each}"].metadata["secret"]]
    found = get_close_matches(name.removeprefix(PREFIX).upper(), names, n=1, cutoff=_LIKENESS)
    return f" Did you mean {PREFIX}{found[0]}?" if found else ""


def _value(setting: Field[Any], name: str, text: str) -> Any:
    """Return the value of a setting; raises ``ValueError``, whose message shows no secret."""
    about = setting.metadata
    try:
        return about["parse"](text if name == about["name"] else _read_secret(text))
    except ValueError as error:
        if about["secret"] or not text.isprintable():
            raise
        raise ValueError(f"{text!r} {error}") from error


def _read_secret(path: str) -> str:
    """Return the text of the file without the line end and the byte order mark that editors add."""
    try:
        text = Path(path).read_text("utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{path!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path!r} is not UTF-8 text") from error
    if "\0" in text:  # as in UTF-16
        raise ValueError(f"{path!r} is not UTF-8 text")
    return text
