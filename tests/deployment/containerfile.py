"""Runs the steps of ``deploy/Containerfile`` in layers over this machine's files, which stand for the base image."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from tests.system.processes import ROOT

from .layers import PACKAGES, Layer
from .paths import DEPLOY

_PYTHON: Final = Path(sys.base_prefix)
_OFFLINE: Final = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
"""pip reads the last one as: no isolation."""

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_LOCKED: Final = re.compile(r"(\S+)( -m pip --python (\S+))? .*--require-hashes -r (\S+)")


@dataclass
class Image:
    """What a stage of the file has made: its layer, and how a container of it starts."""

    layer: Layer
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": f"{_PYTHON}/bin:/usr/sbin:/usr/bin:/sbin:/bin"})
    folder: str = "/"
    user: str = "0:0"
    command: dict[str, list[str]] = field(default_factory=dict)


def instructions() -> Iterator[tuple[str, str]]:
    """Yield the instructions of the file, with the values of its arguments."""
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    arguments = dict(re.findall(r"(?m)^ARG (\w+)=(\S+)$", text))
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            yield name, _VARIABLE.sub(lambda found: arguments.get(found[1], found[0]), rest)


def is_sent_to_the_builder(path: str) -> bool:
    """Return whether ``.dockerignore`` lets a path of the tree through. The last pattern that matches decides."""
    is_sent = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if (
            line
            and not line.startswith("#")
            and any(fnmatch(each, pattern) for each in (path, path.split("/", maxsplit=1)[0]))
        ):
            is_sent = line.startswith("!")
    return is_sent


def build(folder: Path, *, offline: bool) -> Image:
    """Run all steps. Return the last stage. ``offline``: the packages of these tests stand for the locked ones."""
    stages: dict[str, Image] = {}
    for name, rest in instructions():
        match name:
            case "FROM":
                image = Image(Layer(folder / f"stage-{len(stages)}"))
                image.layer.let_everybody_enter(_PYTHON)
                stages[rest.partition(" AS ")[2]] = image
            case "COPY":
                _copy(image, stages, rest.split())
            case "RUN":
                run_step(image, rest, offline=offline)
            case "ARG" | "EXPOSE":
                pass
            case _:
                _describe(image, name, rest)
    return image


def _describe(image: Image, name: str, rest: str) -> None:
    """Heed an instruction that says how a container starts."""
    match name:
        case "ENV":
            for each in rest.split():
                variable, _, value = each.partition("=")
                image.variables[variable] = value.replace("${PATH}", image.variables["PATH"])
        case "WORKDIR":
            image.folder = rest
            image.layer.path(rest).mkdir(parents=True, exist_ok=True)
        case "USER":
            image.user = rest
        case "ENTRYPOINT" | "CMD" | "HEALTHCHECK":
            image.command[name] = json.loads(rest[rest.index("[") :])
        case _:
            raise AssertionError(f"the test does not know {name}")


def _copy(image: Image, stages: dict[str, Image], words: list[str]) -> None:
    options = dict(each.removeprefix("--").split("=") for each in words if each.startswith("--"))
    *sources, target = [each for each in words if not each.startswith("--")]
    into = image.layer.path(target if target.startswith("/") else f"{image.folder}/{target}")
    for each in sources:
        if "from" in options:
            source = stages[options["from"]].layer.path(each)
        else:
            assert is_sent_to_the_builder(each), f".dockerignore keeps {each} from the builder"
            source = ROOT / each
        if source.is_dir():
            ignored = shutil.ignore_patterns(*(() if "from" in options else ("__pycache__",)))
            shutil.copytree(source, into, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            file = into / source.name if target.endswith("/") else into
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, file)
        if "chown" in options:
            uid, _, gid = options["chown"].partition(":")
            os.chown(into, int(uid), int(gid))


def run_step(image: Image, step: str, *, offline: bool) -> None:
    """Run a command of the shell as root in the layer. ``offline``: see ``build``."""
    locked = _LOCKED.search(step)
    if offline and locked is not None:
        python = locked[3] or locked[1]
        own = f"$({python} -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))')"
        step = f"echo {PACKAGES} > {own}/locked.pth"
    online = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    pip = _OFFLINE if offline else online
    given = {**pip, **image.variables, "HOME": os.environ.get("HOME", "/root")}
    variables = [f"{name}={value}" for name, value in given.items()]
    command = image.layer.changing("env", "-i", *variables, "/bin/sh", "-euc", step, folder=image.folder)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{step}\n{done.stdout}{done.stderr}"
