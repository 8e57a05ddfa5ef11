"""The environments of the examples: the variables that each gives to Keyturn."""

import re
import subprocess
from typing import Any, Final

import yaml

from .paths import DEPLOY

COMPOSE: Final = (DEPLOY / "compose.yaml").read_text("utf-8")
COMPOSE_VALUES: Final = {
    "ISSUER": "https://id.example",
    "POSTGRES_PASSWORD": "postgres-password",
    "VALKEY_PASSWORD": "valkey-password",
    "KEY_ENCRYPTION_KEY": "A" * 43,
    "BOOTSTRAP_PASSWORD": "bootstrap-password",
}
MANIFESTS: Final[dict[str, Any]] = {
    each["kind"]: each for each in yaml.safe_load_all((DEPLOY / "kubernetes" / "keyturn.yaml").read_text("utf-8"))
}
POD: Final[dict[str, Any]] = MANIFESTS["Deployment"]["spec"]["template"]["spec"]
CONTAINER: Final[dict[str, Any]] = POD["containers"][0]
UNIT: Final = (DEPLOY / "systemd" / "keyturn.service").read_text("utf-8")

_VARIABLE: Final = re.compile(r"\$\{(\w+)(:\?[^}]*|:-([^}]*))?\}")


def composed(**values: str) -> dict[str, Any]:
    """Return the compose file with ``values`` for its variables, as compose reads it."""

    def value_of(found: re.Match[str]) -> str:
        return values.get(found[1]) or found[3] or ""

    file: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(value_of, COMPOSE))
    return file


def compose_variables() -> dict[str, str | None]:
    """Return the variables of the compose file, and what compose says about an empty one or takes for it."""
    return {found[1]: found[2] for found in _VARIABLE.finditer(COMPOSE)}


def of_compose(**values: str) -> dict[str, str]:
    """Return the environment of the service in the compose file."""
    given = composed(**{**COMPOSE_VALUES, **values})["services"]["keyturn"]["environment"]
    return {name: str(value) for name, value in given.items()}


def of_kubernetes() -> dict[str, str]:
    """Return the environment of the container in the Deployment."""
    return {each["name"]: each["value"] for each in CONTAINER["env"]}


def of_systemd(*, state: str, credentials: str) -> dict[str, str]:
    """Return the environment of the unit and of its file. ``state`` stands for %S, ``credentials`` for %d."""
    lines = (DEPLOY / "systemd" / "keyturn.env").read_text("utf-8").splitlines()
    file = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    (own,) = re.findall(r"(?m)^Environment=(.*)$", UNIT.replace("%S", state).replace("%d", credentials))
    return dict(each.split("=", 1) for each in own.split()) | file


def system_calls() -> set[str]:
    """Return the system calls that the unit allows. The lists of the names with @ are systemd's."""
    allowed: set[str] = set()
    for line in re.findall(r"(?m)^SystemCallFilter=(.*)$", UNIT):
        for name in line.removeprefix("~").split():
            allowed = allowed - _members(name) if line.startswith("~") else allowed | _members(name)
    return allowed


def _members(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    command = ("systemd-analyze", "syscall-filter", "--no-pager", name)
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    inside = [each.strip() for each in printed.splitlines()[1:] if each.strip() and not each.strip().startswith("#")]
    return {member for each in inside for member in _members(each)}
