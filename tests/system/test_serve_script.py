"""``scripts/serve`` in a fresh clone."""

import json
import shlex
import shutil
import urllib.request
from pathlib import Path

import pytest

from .processes import PREPARED, ROOT, TIMEOUT_SECONDS, run, running


@pytest.mark.skipif(not PREPARED, reason="the script would install what it needs; scripts/test has done that")
def test_printed_command_signs_in(tmp_path: Path) -> None:
    """The sign-in command that the script prints works unchanged."""
    with running(tmp_path, command=[ROOT / "scripts" / "serve"], directory=tmp_path) as service:
        grant = json.loads(_run(service.wait_for_output(r"(?m)^ +(curl .*)\n")))
        assert grant["token_type"] == "Bearer"  # noqa: S105  # a word of the protocol
        assert grant["refresh_token"].startswith("ktr_")


@pytest.mark.skipif(not PREPARED, reason="the script would install what it needs; scripts/test has done that")
def test_generated_keys_survive_a_restart(tmp_path: Path) -> None:
    """As the operating page says, a key of ``scripts/generate-keys`` is published after a restart too, beside a second
    generated key.
    """
    published = []
    for _ in range(2):
        assert run(ROOT / "scripts" / "generate-keys", "keys", directory=tmp_path).returncode == 0
        serve = [ROOT / "scripts" / "serve"]
        with running(tmp_path, {"KEYS_DIR": "keys"}, command=serve, directory=tmp_path) as service:
            published.append(_kids(service.port))
    assert [len(kids) for kids in published] == [2, 3], "the generated keys, and one that the service made to sign next"
    assert published[0] < published[1]


def _kids(port: int) -> set[str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/.well-known/jwks.json", timeout=TIMEOUT_SECONDS) as response:
        return {key["kid"] for key in json.load(response)["keys"]}


def _run(command: str) -> str | bytes:
    """Return the output of a curl command. If there is no curl, send its request."""
    if shutil.which("curl"):
        return run("/usr/bin/env", "bash", "-c", command).stdout
    _, _, url, _, header, _, body = shlex.split(command)
    request = urllib.request.Request(url, body.encode(), dict([header.split(": ")]))  # noqa: S310  # it is our own http URL
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # as above
        answer: bytes = response.read()
    return answer
