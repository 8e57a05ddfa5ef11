"""The service against the requests that schemathesis derives from its OpenAPI document."""

import json
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Proof

from .load import PASSWORD, USERNAME
from .processes import ROOT, Service, run, running

_COMMAND: Final = Path(sys.executable).with_name("schemathesis")
_PATIENCE_SECONDS: Final = 1_800
_CONFIGURATION: Final = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.proof("openapi")
def test_it_finds_nothing(tmp_path: Path, proof: Proof) -> None:
    """With all its checks, on every operation, signed in, with valid and invalid data: every answer is as described."""
    examples = proof.count("examples of an operation", small=5, full=300)
    with running(tmp_path, {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}) as service:
        requests = _examine(service, tmp_path, "--max-examples", str(examples), "--seed", str(proof.seed()))
        assert '"level": "error"' not in service.log()
    proof.measured("requests", requests)


def _examine(service: Service, folder: Path, *options: str) -> int:
    """Run schemathesis, which must find nothing; return how many requests it made."""
    report = folder / "report.json"
    done = run(
        *(_COMMAND, "--config-file", _CONFIGURATION, "run", f"{service.url}/openapi.json", "--url", service.url),
        *("--checks", "all", "--report-json-path", str(report), *options),
        directory=folder,
        variables={"KEYTURN_TESTS_URL": service.url, "PYTHONPATH": str(ROOT)},
        patience=_PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr
    made: int = json.loads(report.read_text())["test_cases"]["generated"]
    return made
