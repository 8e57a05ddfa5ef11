"""The page "Verify in another language": its steps in Python and in Node, on the same documents."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from app.testing.builders import ISSUER
from tests.http.guarded_app import AUDIENCE

from .follower import Follower, Refused
from .follower_cases import CASES, Step
from .page_code import code_of_the_page

_SCRIPTS: Final = Path(__file__).with_name("node")
_NODE: Final = Path(sys.executable).with_name("node")
_OPTIONS: Final = {"issuer": ISSUER, "audience": AUDIENCE}

needs_node = pytest.mark.skipif(
    not (_NODE.exists() and (_SCRIPTS / "node_modules").exists()), reason="scripts/prove installs Node's packages"
)


@pytest.mark.parametrize("name", CASES)
def test_steps_in_python(name: str) -> None:
    """A follower by the steps of the page, with PyJWT, accepts and refuses what it should."""
    follower, pending = Follower(issuer=ISSUER, audience=AUDIENCE), dict[str, Any]()
    verdicts = [_verdict(follower, step, pending) for step in CASES[name]]
    assert [each == "good" for each in verdicts] == [step.is_good for step in CASES[name]], verdicts


def _verdict(follower: Follower, step: Step, pending: dict[str, Any]) -> str:
    follower.at = step.at
    try:
        _play(follower, step, pending)
    except Refused as refusal:
        return f"refused: {refusal}"
    return "good"


def _play(follower: Follower, step: Step, pending: dict[str, Any]) -> None:
    if step.act == "keys":
        follower.set_keys(json.loads(step.text))
    elif step.act == "token":
        follower.verify(step.text)
    elif step.act == "fresh":
        if follower.is_stale():
            raise Refused("stale")
    else:
        _apply(follower, step, pending)


def _apply(follower: Follower, step: Step, pending: dict[str, Any]) -> None:
    feed = follower.read(step.text)
    if step.act == "first":
        follower.check_first(feed)
        pending |= {"first": feed, "as_of": feed["as_of"]}
    else:
        follower.check_later(feed, step.asked)
        pending["as_of"] = min(pending["as_of"], feed["as_of"])
    follower.apply(feed)
    if "next" not in feed.get("page", {}):
        follower.finish(pending["first"], pending["as_of"], step.at)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the code of the page."""
    return code_of_the_page(tmp_path_factory.mktemp("node"))


@needs_node
@pytest.mark.proof("interop")
@pytest.mark.parametrize("name", CASES)
def test_steps_in_node(module: Path, name: str) -> None:
    """The code of the page accepts and refuses the same."""
    options = json.dumps({"options": _OPTIONS, "steps": [step.played() for step in CASES[name]]})
    command: list[str | Path] = [_NODE, _SCRIPTS / "follower.mjs", module, options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    verdicts = done.stdout.splitlines()
    assert [each == "good" for each in verdicts] == [step.is_good for step in CASES[name]], verdicts
