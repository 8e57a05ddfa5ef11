"""The help of the commands."""

import sys
from dataclasses import fields

import pytest

from app.cli import main
from app.service.settings import Settings
from tests.system.processes import run


def test_the_module_is_the_command() -> None:
    """``python -m app --help`` lists the commands."""
    shown = run(sys.executable, "-m", "app", "--help")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("usage: keyturn")
    assert "run the service" in shown.stdout
    assert "make signing keys" in shown.stdout


@pytest.mark.parametrize("setting", [each.metadata for each in fields(Settings)], ids=lambda setting: setting["name"])
def test_serve_lists_every_setting(setting: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """``serve --help`` has a line for each setting: its name, its description and its default."""
    assert main(["serve", "--help"], {}) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    (about,) = [words[1] for words in lines if words and words[0] == setting["name"]]
    assert about.startswith(setting["help"])
    assert setting["default"] in about


@pytest.mark.parametrize("arguments", [[], ["keys"], ["sing"], ["serve", "fast"], ["keys", "generate"]])
def test_an_unknown_command_shows_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown command prints the usage on standard error, and has exit status 2."""
    assert main(arguments, {}) == 2
    assert capsys.readouterr().err.startswith("usage: keyturn")
