"""The page on signing keys: its table of commands, and its times."""

import re
from typing import Final

from app.cli.declared import COMMANDS
from app.service.settings import Settings

from .console import ROOT

PAGE: Final = (ROOT / "docs" / "signing-keys.md").read_text()


def test_table_lists_all_commands() -> None:
    """The table lists each command of the group, and nothing else."""
    listed = re.findall(r"^\| `./scripts/keyturn keys ([a-z-]+)", PAGE, re.MULTILINE)
    assert {f"keys {each}" for each in listed} == {each.name for each in COMMANDS if each.name.startswith("keys ")}


def test_times_match_the_default_settings() -> None:
    """The page states the lead and the tail that follow from the default settings."""
    policy = Settings().key_policy
    text = " ".join(PAGE.split())
    assert f"By default the lead is {_duration_text(policy.lead())}." in text
    assert f"`KEYTURN_CLOCK_LEEWAY` + 5 s, by default {_duration_text(policy.tail())}." in text


def _duration_text(seconds: int) -> str:
    return f"{seconds // 60} min {seconds % 60} s"
