"""The alert rules of the documentation, and what promtool says of them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from tests.documentation.console import ROOT

if TYPE_CHECKING:
    from .recording import Recording

PROMTOOL: Final = shutil.which("promtool")

_ALERTS: Final = ROOT / "docs/monitoring/alerts.yml"
_FIRED: Final = 'group by (alertname) (max_over_time(ALERTS{alertstate="firing"}[1h]))'


def rules() -> dict[str, list[dict[str, Any]]]:
    """Return the rules for each job: those of the service, and those of the page on the guard."""
    page = (ROOT / "docs/guard.md").read_text()
    blocks = re.findall(r"(?s)```yaml\n(- alert.*?)```", page)
    groups = yaml.safe_load(_ALERTS.read_text())["groups"]
    return {
        "keyturn": [rule for group in groups for rule in group["rules"]],
        "orders": [rule for block in blocks for rule in yaml.safe_load(block)],
    }


def metrics_of_the_rules() -> set[str]:
    """Return the names of the series that the rules read."""
    return set(re.findall(r"\bkeyturn_\w+", json.dumps(rules())))


def promtool(*arguments: str | Path) -> str:
    """Run promtool, which must succeed. Return its output."""
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write_rules(job: str, folder: Path, rules_of_job: Sequence[dict[str, Any]] | None = None) -> Path:
    """Write the rules of a job to a file in ``folder``, and return it."""
    file = folder / f"{job}.yml"
    group = {"name": job, "rules": list(rules_of_job or rules()[job])}
    file.write_text(yaml.safe_dump({"groups": [group]}))
    return file


def check_fired(recording: "Recording", fired: Iterable[str], file: Path, *, interval: int, age: int) -> None:
    """Fail unless exactly these alerts fire while Prometheus scrapes every ``interval`` seconds and evaluates the rules
    in ``file`` ``age`` seconds after each scrape.
    """
    step = 5
    offset = (interval - age) % interval
    series = [
        {"series": name, "values": _placed(_shifted(name, values, recording.began - offset), interval, offset, step)}
        for name, values in recording.series.items()
    ]
    length = len(next(iter(recording.series.values()))) * 15
    samples = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in fired]
    test = {
        "name": f"every {interval} s, evaluated {age} s later",
        "interval": f"{step}s",
        "input_series": series,
        "promql_expr_test": [{"expr": _FIRED, "eval_time": f"{length}s", "exp_samples": samples}],
    }
    tests = file.with_name(f"{file.stem}-{interval}-{age}.test.yml")
    tests.write_text(
        yaml.safe_dump({"rule_files": [file.name], "evaluation_interval": f"{interval}s", "tests": [test]})
    )
    promtool("test", "rules", tests)


def _shifted(name: str, values: Sequence[float | None], began: float) -> list[float | None]:
    """Return moments as promtool counts them: from the start of its test."""
    if "_timestamp_seconds" not in name:
        return list(values)
    return [None if value is None else value - began for value in values]


def _placed(values: Sequence[float | None], interval: int, offset: int, step: int) -> str:
    """Return the values in promtool's notation, each where its scrape is. A series that ends is marked as stale."""
    taken = values[:: interval // 15]
    words, before = ["_"] * (offset // step), None
    for value in taken:
        words.append("stale" if value is None and before is not None else "_" if value is None else f"{value:.3f}")
        words.extend(["_"] * (interval // step - 1))
        before = value
    return " ".join(words)
