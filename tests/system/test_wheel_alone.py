"""The wheel in an environment that has its required packages and no extra, as ``pipx install`` makes it."""

import json
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement

from app.cli.declared import COMMANDS

from .environments import link_distributions, make_environment, pip
from .processes import ROOT, run, running

_RUN_ALL: Final = textwrap.dedent("""
    import contextlib, io, json, sys, traceback
    from keyturn.cli import main

    for line in list(sys.stdin):
        sys.stdin = io.TextIOWrapper(io.BytesIO(b"a-long-password"))
        case = json.loads(line)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(case["arguments"], case["variables"])
            except BaseException:
                status = traceback.format_exc()
        print(json.dumps([status, out.getvalue(), err.getvalue()]))
""")
"""Runs many commands in one process, because the start of a process takes long."""

_EXAMPLES: Final = {
    "client_id": "orders",
    "directory": "{keys}",
    "file": "{users}",
    "kid": "A" * 43,
    "scope": "account",
    "sid": "A" * 22,
    "source": "{keys}",
    "username": "alice",
}
"""A value for each argument that has a place and no name."""

_WITHOUT_STORE: Final = {"doctor", "keys generate", "keys encryption-key"}


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the wheel, the required packages and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    linked = link_distributions(folder / "packages", [Requirement(each).name for each in declared])
    assert not linked & {"sqlalchemy", "alembic", "asyncpg", "redis", "gunicorn", "prometheus-client", "pytest"}
    python = make_environment(folder / "environment", packages=folder / "packages")
    pip("--python", str(python), "install", str(wheel))
    return python


def test_the_service_runs_on_its_memory(python: Path, tmp_path: Path) -> None:
    """``keyturn serve`` starts without any extra, and prints how to sign in; its doctor finds no fault."""
    with running(tmp_path, command=[python.with_name("keyturn"), "serve"], directory=tmp_path) as service:
        service.wait_for_output(r"(curl -s \S+/auth/login)")
    examined = run(python.with_name("keyturn"), "doctor", directory=tmp_path, variables={"KEYTURN_PORT": "0"})
    assert examined.returncode == 0, examined.stdout + examined.stderr


def test_every_command_names_the_extra_that_it_needs(python: Path, tmp_path: Path) -> None:
    """A command on a store whose extra is missing says in one line what to install, and so does each option."""
    keys, users = str(tmp_path / "keys"), tmp_path / "users"
    users.touch()
    cases = [
        (["keys", "generate", keys], {}, ""),
        (["keys", "list"], {"KEYS_DIR": keys}, ""),
        (["keys", "export-public"], {"KEYS_DIR": keys}, ""),
        (["serve"], {"METRICS_PORT": "0"}, "metrics"),
        (["serve"], {"TRACES": "1"}, "traces"),
        (["serve"], {"WORKERS": "2", "KEYS_DIR": keys, "DATABASE_URL": f"sqlite:///{tmp_path}/k.db"}, "workers"),
        (["serve"], {"DATABASE_URL": "postgresql://127.0.0.1/keyturn"}, "postgresql"),
        (["serve"], {"SESSION_URL": "redis+cluster://127.0.0.1"}, "redis"),
    ]
    (tmp_path / "k.db").touch()  # most commands make no database
    for command in COMMANDS:
        placed = [name for each in command.arguments for name in each.names if not name.startswith("-")]
        more = (_EXAMPLES[each].format(keys=keys, users=users) for each in placed)
        arguments = [*command.name.split(), *more]
        if command.name not in _WITHOUT_STORE:
            settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/k.db", "KEY_ENCRYPTION_KEY": "A" * 43}
            cases.append((arguments, settings, "sqlite"))
        elif command.name == "keys encryption-key":
            cases.append((arguments, {}, ""))
    for (arguments, settings, extra), (status, out, err) in zip(cases, _run_all(python, cases), strict=True):
        about = f"{arguments} {settings}: {status}\n{out}\n{err}"
        assert status == (1 if extra else 0), about
        if extra:
            assert f"pip install keyturn[{extra}]" in err.splitlines()[-1], about


def _run_all(python: Path, cases: Sequence[tuple[Sequence[str], Mapping[str, str], str]]) -> list[Any]:
    """Return the exit status, the output and the standard error of each case."""
    lines = [
        json.dumps(
            {
                "arguments": list(arguments),
                "variables": {f"KEYTURN_{name}": value for name, value in {"PORT": "0", **settings}.items()},
            }
        )
        for arguments, settings, _ in cases
    ]
    done = run(python, "-c", _RUN_ALL, typed="\n".join(lines))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
