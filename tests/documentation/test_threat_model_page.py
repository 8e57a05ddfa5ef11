"""The threat model names every rate limit."""

import re
from dataclasses import fields
from typing import Final

from app.domain.rate_limits.rate_limit import RateLimit
from app.service.settings import Settings

from .console import ROOT

_PAGE: Final = (ROOT / "docs" / "threat-model.md").read_text()


def test_table_lists_all_rate_limits() -> None:
    """The table lists each rate limit with its default, and nothing else."""
    rows = re.findall(r"^\| `(KEYTURN_\w+)` \| `([^`]+)` \|", _PAGE, re.MULTILINE)
    limits = [each.metadata for each in fields(Settings) if isinstance(each.default, RateLimit)]
    assert rows == [(each["name"], each["default"]) for each in limits]
