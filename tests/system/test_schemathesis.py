"""schemathesis checks the service against its OpenAPI document."""

import json
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Proof

from .load import PASSWORD, USERNAME
from .processes import ROOT, Service, run, running

_COMMAND: Final = Path(sys.executable).with_name("schemathesis")
_TIMEOUT_SECONDS: Final = 1_800
_CONFIGURATION: Final = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.proof("openapi")
def test_schemathesis_finds_no_faults(tmp_path: Path, proof: Proof) -> None:
    """Schemathesis finds no fault in any operation, with all checks, authenticated, with valid and invalid data."""
    examples = proof.count("examples of an operation", small=5, full=300)
    with running(tmp_path, {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}) as service:
        requests = _run_schemathesis(service, tmp_path, "--max-examples", str(examples), "--seed", str(proof.seed()))
        assert '"level": "error"' not in service.log()
    proof.measured("requests", requests)


def _run_schemathesis(service: Service, folder: Path, *options: str) -> int:
    """Run schemathesis, which must succeed. Return the number of its requests."""
    report = folder / "report.json"
    done = run(
        *(_COMMAND, "--config-file", _CONFIGURATION, "run", f"{service.url}/openapi.json", "--url", service.url),
        *("--checks", "all", "--report-json-path", str(report), *options),
        directory=folder,
        variables={"KEYTURN_TESTS_URL": service.url, "PYTHONPATH": str(ROOT)},
        timeout=_TIMEOUT_SECONDS,
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr
    made: int = json.loads(report.read_text())["test_cases"]["generated"]
    return made
