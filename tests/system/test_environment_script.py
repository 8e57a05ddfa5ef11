"""``scripts/environment``: which Python it takes, and what it does with a ``.venv`` that cannot be used."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from .processes import ROOT

BASE: Final = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
NAMES: Final = ("base", "sqlite", "postgresql", "redis", "workers", "metrics", "traces")
TOOLS: Final = ("bash", "cat", "dirname", "ln", "mkdir", "readlink", "rm", "sha256sum", "sleep")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a clone whose requirements are empty, so that no package is downloaded, and a folder ``bin`` of tools."""
    for folder in ("scripts", "requirements", "bin"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "scripts" / "environment", tmp_path / "scripts")
    for name in NAMES:
        (tmp_path / "requirements" / f"{name}.txt").write_text("# nothing\n")
    for name in TOOLS:
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    return tmp_path


def python(tree: Path, name: str, *lines: str) -> None:
    """Put a Python into the folder of tools: a shell script of these lines."""
    path = tree / "bin" / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def prepare(tree: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Prepare the environment with the tools of the folder alone, and print the version of its Python."""
    script = "set -euo pipefail; . scripts/environment; environment serve; .venv/bin/python --version"
    path = {"PATH": str(tree / "bin"), "HOME": str(tree)}
    return subprocess.run(
        [shutil.which("bash") or "bash", "-c", script],
        cwd=tree,
        env={**path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def faked(tree: Path, *lines: str) -> None:
    """Put a Python into the folder of tools that runs these lines first. It makes an environment of itself, and its pip
    does nothing.
    """
    made = ".venv/lib/" + BASE.name + "/site-packages"
    venv = f'*"venv .venv"*) mkdir -p .venv/bin {made}; ln -sf {tree}/bin/python3 .venv/bin/python; exit;;'
    python(tree, "python3", *lines, f'case "$*" in {venv} *"-m pip"*) exit;; esac', f'exec {BASE} "$@"')


def start(tree: Path) -> subprocess.Popen[str]:
    """Start what ``prepare`` runs, as a group of processes, as a terminal does."""
    script = "set -euo pipefail; . scripts/environment; environment serve"
    return subprocess.Popen(
        [shutil.which("bash") or "bash", "-c", script],
        cwd=tree,
        env={"PATH": str(tree / "bin"), "HOME": str(tree)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _without_pip(folder: Path) -> None:
    subprocess.run([BASE, "-m", "venv", "--without-pip", folder], check=True)


def _half_made(folder: Path) -> None:
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /nowhere\n")


def _of_a_vanished_python(folder: Path) -> None:
    _without_pip(folder)
    (folder / "bin" / "python").unlink()
    (folder / "bin" / "python").symlink_to("/nowhere/python3")
    shutil.copy(_stamp(folder.parent), folder / ".base.sha256")


def _of_another_python(folder: Path) -> None:
    """Make a folder as it is after an upgrade of the system's Python: it runs, and the packages are not its own."""
    _without_pip(folder)
    (folder / "lib" / BASE.name).rename(folder / "lib" / "python3.1")
    shutil.copy(_stamp(folder.parent), folder / ".base.sha256")


def _stamp(tree: Path) -> Path:
    """Return a stamp that says that the packages are installed."""
    made = subprocess.run(
        [shutil.which("sha256sum") or "sha256sum", "requirements/base.txt"], cwd=tree, capture_output=True, check=True
    )
    (tree / "stamp").write_bytes(made.stdout)
    return tree / "stamp"


@pytest.mark.parametrize("break_it", [_without_pip, _half_made, _of_a_vanished_python, _of_another_python])
def test_an_environment_that_cannot_be_used_is_made_again(tree: Path, break_it: Callable[[Path], None]) -> None:
    """The script says so, and makes one that works. A second run keeps it."""
    python(tree, "python3", f'exec {BASE} "$@"')
    break_it(tree / ".venv")
    first = prepare(tree)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Python 3.")
    assert first.stderr.startswith("The folder .venv cannot be used; it is made again\nSetting up .venv …\n")
    assert not (tree / ".venv.lock").exists()
    second = prepare(tree)
    assert (second.returncode, second.stderr) == (0, "")


def test_the_first_python_that_runs_is_taken(tree: Path) -> None:
    """A shim that does not run, an old Python, and one that cannot make environments are passed over."""
    python(tree, "python3.11", 'echo "pyenv: python3.11: command not found" >&2', "exit 127")
    python(tree, "python3.12", "exit 1  # as an older one says of its version")
    python(tree, "python3.13", f'case "$*" in *ensurepip*) exit 1;; esac; exec {BASE} "$@"')
    python(tree, "python3", f'echo "$@" >> {tree}/taken; exec {BASE} "$@"')
    done = prepare(tree)
    assert done.returncode == 0, done.stderr
    assert "-m venv .venv" in (tree / "taken").read_text()


def test_without_a_python_the_script_says_what_it_tried(tree: Path) -> None:
    """One sentence names what is needed, and each Python that was tried. Nothing is left over."""
    python(tree, "python3.12", "exit 127")
    python(tree, "python3", "exit 1")
    done = prepare(tree)
    assert done.returncode == 1
    assert done.stderr == (
        "Setting up .venv …\n"
        "Python 3.11 or newer is needed, with its modules venv and ensurepip, or uv."
        f" Tried: {tree}/bin/python3.12 {tree}/bin/python3.\n"
    )
    assert not (tree / ".venv").exists()
    assert not (tree / ".venv.lock").exists()


def test_uv_is_used_where_it_is_there(tree: Path) -> None:
    """Uv makes the environment and installs the packages. A Python without ensurepip is enough then."""
    python(tree, "python3", f'case "$*" in *ensurepip*) exit 1;; esac; exec {BASE} "$@"')
    asked = f'echo "$@" >> {tree}/asked; if [ "$1" = venv ]; then exec {BASE} -m venv --without-pip .venv; fi'
    python(tree, "uv", asked)
    done = prepare(tree)
    assert done.returncode == 0, done.stderr
    venv, install = (tree / "asked").read_text().splitlines()
    assert venv == f"venv --quiet --no-python-downloads --python {tree}/bin/python3 .venv"
    options = "--quiet --python .venv/bin/python --no-deps --require-hashes"
    assert install == f"pip install {options} -r requirements/base.txt"
    assert (prepare(tree).returncode, len((tree / "asked").read_text().splitlines())) == (0, 2)


def test_another_python_can_be_chosen(tree: Path) -> None:
    """``PYTHON`` names the one to take."""
    python(tree, "python3", "exit 1")
    python(tree, "mine", f'exec {BASE} "$@"')
    python(tree, "uv", f'if [ "$1" = venv ]; then exec {BASE} -m venv --without-pip .venv; fi')
    assert prepare(tree, PYTHON=str(tree / "bin" / "mine")).returncode == 0


def test_a_chosen_python_that_is_no_program_is_named(tree: Path) -> None:
    """A wrong ``PYTHON`` is named, and no other Python is taken."""
    python(tree, "python3", f'exec {BASE} "$@"')
    for wrong in ("nope", str(tree / "scripts" / "environment")):
        done = prepare(tree, PYTHON=wrong)
        assert (done.returncode, done.stderr) == (1, f"Setting up .venv …\nPYTHON={wrong} is not a program.\n")


@pytest.mark.parametrize("slow", ["venv .venv", "pip install"])
def test_ctrl_c_is_one_line(tree: Path, slow: str) -> None:
    """Ctrl-C while the environment is made or packages are installed ends the script without a traceback. The next
    start makes what is missing.
    """
    waiting = f": > {tree}/waits; exec {BASE} -c 'import time; time.sleep(60)'"
    faked(tree, f'case "$*" in *"{slow}"*) {waiting};; esac')
    process = start(tree)
    while not (tree / "waits").exists() and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.endswith("\nInterrupted; the next start goes on.\n")
    assert "Traceback" not in said
    assert not (tree / ".venv.lock").exists()
    faked(tree)
    assert prepare(tree).returncode == 0


@pytest.mark.parametrize(("status", "shown"), [(0, False), (1, True)])
def test_warnings_of_pip_are_shown_for_failures_alone(tree: Path, status: int, shown: bool) -> None:  # noqa: FBT001
    """Warnings of pip do not break the progress. If pip fails, what it said is shown."""
    faked(tree, f'case "$*" in *"pip install"*) echo "WARNING: slow" >&2; exit {status};; esac')
    done = prepare(tree)
    assert (done.returncode, "WARNING: slow" in done.stderr) == (status, shown), done.stderr


def test_the_progress_names_packages(tree: Path) -> None:
    """Names of packages are shown, without versions and without names of files."""
    lines = (
        "Collecting annotated-types==0.7.0 (from -r requirements/base.txt (line 1))",
        "Processing /cache/dependency_injector-4.49.1-cp311-cp311-manylinux.whl (from -r base.txt (line 2))",
        "Collecting redis[hiredis]>=8.1 (from -r requirements/base.txt (line 3))",
    )
    script = '. scripts/environment; for each in "$@"; do _package "$each"; done'
    command = [shutil.which("bash") or "bash", "-c", script, "names", *lines]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["annotated-types", "dependency-injector", "redis"]


@pytest.mark.parametrize("name", ["keyturn", "serve", "generate-keys"])
def test_a_link_to_a_script_works(tree: Path, name: str) -> None:
    """A symbolic link to a script finds the clone, also through another link and from another folder."""
    for each in ("keyturn", name):
        shutil.copy(ROOT / "scripts" / each, tree / "scripts")
    (tree / "scripts" / "environment").write_text('environment() { mkdir -p .venv/bin; echo "in $PWD"; exit; }\n')
    elsewhere = tree / "else" / "where"
    elsewhere.mkdir(parents=True)
    (elsewhere / "first").symlink_to(f"../../scripts/{name}")
    (elsewhere / "second").symlink_to("first")
    done = subprocess.run([elsewhere / "second"], cwd="/", capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"in {tree.resolve()}\n", "")


def test_the_lock_of_a_killed_script_does_not_count(tree: Path) -> None:
    """The lock of a process that has ended is taken over."""
    python(tree, "python3", f'exec {BASE} "$@"')
    python(tree, "uv", f'if [ "$1" = venv ]; then exec {BASE} -m venv --without-pip .venv; fi')
    ended = subprocess.Popen([shutil.which("true") or "true"])
    ended.wait()
    (tree / ".venv.lock").mkdir()
    (tree / ".venv.lock" / "owner").write_text(str(ended.pid))
    assert prepare(tree).returncode == 0


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ({}, []),
        ({"DATABASE_URL": "SQLite:///keyturn.db"}, ["sqlite"]),
        ({"DATABASE_URL_FILE": "url"}, ["postgresql"]),
        ({"DATABASE_URL": "postgres://host/name", "SESSION_URL": "rediss+sentinel://host"}, ["postgresql", "redis"]),
        ({"DATABASE_URL": "memory://", "WORKERS": "1", "TRACES": "0"}, []),
        ({"WORKERS": "2", "METRICS_PORT": "0", "TRACES": "1"}, ["workers", "metrics", "traces"]),
        ({"DATABASE_URL": "transit://host"}, []),
    ],
)
def test_what_the_settings_need_is_installed(tree: Path, variables: dict[str, str], names: list[str]) -> None:
    """The first start installs what its settings need, and a start with other settings adds what is missing."""
    (tree / "url").write_bytes(b"\xef\xbb\xbfpostgresql://user:password@host/name\n")
    python(tree, "python3", f'exec {BASE} "$@"')
    python(tree, "uv", f'echo "$@" >> {tree}/asked; [ "$1" = pip ] || exec {BASE} -m venv --without-pip .venv')
    settings = {f"KEYTURN_{name}": value for name, value in variables.items()}
    assert prepare(tree).returncode == 0
    (tree / "asked").unlink()
    done = prepare(tree, **settings)
    assert done.returncode == 0, done.stderr
    asked = (tree / "asked").read_text() if names else ""
    assert asked.split("--require-hashes ")[1:] == (
        [" ".join(f"-r requirements/{each}.txt" for each in names) + "\n"] if names else []
    )
    assert done.stderr.startswith(f"Setting up .venv: {' '.join(names)}\n" if names else "")
    assert "password" not in done.stderr
    assert (prepare(tree, **settings).stderr, len(list((tree / ".venv").glob(".*.sha256")))) == ("", 1 + len(names))
