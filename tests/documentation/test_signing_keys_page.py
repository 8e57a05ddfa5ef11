"""The page on signing keys: its table of commands, and its times."""

import argparse
import re
from typing import Final

from app.cli import keys
from app.service.settings import Settings

from .console import ROOT

PAGE: Final = (ROOT / "docs" / "signing-keys.md").read_text()


def test_table_lists_all_commands() -> None:
    """The table lists each command of the group, and nothing else."""
    parser = argparse.ArgumentParser()
    keys.add_to(parser.add_subparsers())
    listed = re.findall(r"^\| `python -m app keys ([a-z-]+)", PAGE, re.MULTILINE)
    [group] = [each for each in parser._actions if each.choices]
    [commands] = [each for each in dict(group.choices or {})["keys"]._actions if each.choices]
    assert set(listed) == set(commands.choices)


def test_times_match_the_default_settings() -> None:
    """The page states the lead and the tail that follow from the default settings."""
    policy = Settings().key_policy
    text = " ".join(PAGE.split())
    assert f"By default the lead is {_duration_text(policy.lead())}." in text
    assert f"`KEYTURN_CLOCK_LEEWAY` + 5 s, by default {_duration_text(policy.tail())}." in text


def _duration_text(seconds: int) -> str:
    return f"{seconds // 60} min {seconds % 60} s"
