"""The page on signing keys: its commands are the program's, and its times are the policy's."""

import argparse
import re
from typing import Final

from app.cli import keys
from app.service.settings import Settings

from .console import ROOT

PAGE: Final = (ROOT / "docs" / "signing-keys.md").read_text()


def test_the_commands_are_those_that_there_are() -> None:
    """Each command of the group is in the table, and no other."""
    parser = argparse.ArgumentParser()
    keys.add_to(parser.add_subparsers())
    listed = re.findall(r"^\| `python -m app keys ([a-z-]+)", PAGE, re.MULTILINE)
    [group] = [each for each in parser._actions if each.choices]
    [commands] = [each for each in dict(group.choices or {})["keys"]._actions if each.choices]
    assert set(listed) == set(commands.choices)


def test_the_times_are_those_of_the_defaults() -> None:
    """The lead and the tail that the page tells are what the default settings make."""
    policy = Settings().key_policy
    assert f"the key: {_spelt(policy.lead())}." in PAGE
    assert f"began to sign, {_spelt(policy.tail())}." in PAGE


def _spelt(seconds: int) -> str:
    return f"{seconds // 60} min {seconds % 60} s"
