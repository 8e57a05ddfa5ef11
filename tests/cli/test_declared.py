"""The declarations of the commands fit the functions that do them."""

import inspect

import pytest

from app.cli.command import Command, load, make_parser
from app.cli.declared import COMMANDS, GROUPS


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_function_takes_the_declared_arguments(command: Command) -> None:
    """The function of a command takes the call, and each declared argument by its name."""
    parser = make_parser([command], GROUPS, as_json=False)
    required = [each for each in command.arguments if not each.names[0].startswith("-") and "nargs" not in each.options]
    parsed = vars(parser.parse_args([*command.name.split(), *("account" for _ in required)]))
    _, *parameters = inspect.signature(load(command.act)).parameters
    assert sorted(parameters) == sorted(parsed.keys() - {"command"})


def test_every_name_is_declared_once() -> None:
    """No command hides another one, and every group has commands."""
    names = [each.name for each in COMMANDS]
    assert len(set(names)) == len(names)
    assert {name.rpartition(" ")[0] for name in names} - {""} == GROUPS.keys()
