"""Runs the doctor and the start with the same settings."""

import asyncio
import json
from collections.abc import Mapping, Sequence

import pytest

from app.cli import main
from app.service.doctor import Finding, Level, examine


async def examined(settings: Mapping[str, str], *, url: str | None = None) -> Sequence[Finding]:
    """Return what the doctor finds. The names of the settings have no prefix."""
    return [each async for each in examine(_variables(settings), url=url)]


def faults(found: Sequence[Finding]) -> list[str]:
    """Return the texts of the faults."""
    return [each.text for each in found if each.level is Level.FAULT]


def texts(found: Sequence[Finding], check: str) -> list[tuple[str, str]]:
    """Return the level and the text of each finding of a check."""
    return [(each.level.value, each.text) for each in found if each.check == check]


class Start:
    """Runs ``keyturn serve`` in this process, with settings that prevent its start."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr("app.cli.serve.configure_logging", lambda *_: None)
        self._captured = captured

    def refusal(self, settings: Mapping[str, str]) -> list[str]:
        """Return the lines on standard error."""
        assert main(["serve"], _variables(settings)) == 1
        printed = self._captured.readouterr()
        return printed.err.splitlines()


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Start:
    """Return the start of the service."""
    return Start(monkeypatch, capsys)


def assert_they_agree(start: Start, settings: Mapping[str, str]) -> list[str]:
    """Check that each line of the refused start is a fault of the doctor; return these lines."""
    lines = start.refusal({"PORT": "0", **settings})
    found = faults(asyncio.run(examined({"PORT": "0", **settings})))
    assert lines
    assert set(lines) <= set(found), json.dumps([lines, found], indent=1)
    return lines


def _variables(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"KEYTURN_{name}": value for name, value in settings.items()}
