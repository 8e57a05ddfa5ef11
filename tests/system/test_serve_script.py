"""``scripts/serve``, as someone tries it who has just cloned the project."""

import json
import shlex
import shutil
import urllib.request
from pathlib import Path

import pytest

from .processes import PATIENCE_SECONDS, PREPARED, ROOT, run, running


@pytest.mark.skipif(not PREPARED, reason="the script would install what it needs; scripts/test has done that")
def test_the_printed_command_signs_in(tmp_path: Path) -> None:
    """The sign-in that it prints works word for word."""
    with running(tmp_path, command=[ROOT / "scripts" / "serve"], directory=tmp_path) as service:
        grant = json.loads(_run(service.printed(r"(?m)^ +(curl .*)\n")))
        assert grant["token_type"] == "Bearer"  # noqa: S105  # a word of the protocol
        assert grant["refresh_token"].startswith("ktr_")


@pytest.mark.skipif(not PREPARED, reason="the script would install what it needs; scripts/test has done that")
def test_a_generated_key_stays(tmp_path: Path) -> None:
    """As the operating page says: a key made by scripts/generate-keys, in the caller's folder, outlives a restart,
    and a second one is published beside it.
    """
    published = []
    for _ in range(2):
        assert run(ROOT / "scripts" / "generate-keys", "keys", directory=tmp_path).returncode == 0
        serve = [ROOT / "scripts" / "serve"]
        with running(tmp_path, {"KEYS_DIR": "keys"}, command=serve, directory=tmp_path) as service:
            published.append(_kids(service.port))
    assert [len(kids) for kids in published] == [2, 3], "beside each of ours the one that the service made for later"
    assert published[0] < published[1]


def _kids(port: int) -> set[str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/.well-known/jwks.json", timeout=PATIENCE_SECONDS) as response:
        return {key["kid"] for key in json.load(response)["keys"]}


def _run(command: str) -> str | bytes:
    """Return what the command prints; where there is no curl, send what it would."""
    if shutil.which("curl"):
        return run("/usr/bin/env", "bash", "-c", command).stdout
    _, _, url, _, header, _, body = shlex.split(command)
    request = urllib.request.Request(url, body.encode(), dict([header.split(": ")]))  # noqa: S310  # it is our own http URL
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:  # noqa: S310  # as above
        answer: bytes = response.read()
    return answer
