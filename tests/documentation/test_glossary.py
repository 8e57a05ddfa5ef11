"""The glossary stays short."""

import re

from tests.system.processes import ROOT

MAX_WORDS = 25


def test_glossary_has_few_words_in_alphabetical_order() -> None:
    """The glossary defines at most 25 words, each once, in alphabetical order."""
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    assert 0 < len(words) <= MAX_WORDS
    assert words == sorted(set(words))
