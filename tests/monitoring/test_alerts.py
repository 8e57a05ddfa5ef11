"""The alert rules fire on sick services, and not on healthy ones: promtool evaluates them on recorded metrics."""

from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Proof

from .record import RECORDED, SCRAPES
from .recording import Recording, record
from .rules import PROMTOOL, check_fired, promtool, rules, write_rules
from .scenarios import SCENARIOS

_INTERVALS: Final = ((15, 10), (60, 55))
"""The interval between two scrapes, and the age of a scrape when the rules are evaluated, in seconds."""

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


def _check(recording: Recording, fired: frozenset[str], folder: Path) -> None:
    """Fail unless exactly these alerts fire, however often Prometheus scrapes and evaluates."""
    file = write_rules(recording.job, folder)
    for interval, age in _INTERVALS:
        check_fired(recording, fired, file, interval=interval, age=age)


@pytest.mark.parametrize("name", SCENARIOS)
def test_recorded_services_fire_their_own_alerts(name: str, tmp_path: Path) -> None:
    """Healthy services fire nothing. Each sick service fires its own alerts, and no others."""
    _check(Recording.read(RECORDED / f"{name}.json"), SCENARIOS[name][2], tmp_path)


@pytest.mark.parametrize("job", rules())
def test_every_alert_has_a_sick_service(job: str, tmp_path: Path) -> None:
    """Promtool accepts the rules, and each rule fires on one of the sick services."""
    promtool("check", "rules", write_rules(job, tmp_path))
    fired = frozenset.union(*(alerts for each, _, alerts in SCENARIOS.values() if each == job))
    assert fired == {rule["alert"] for rule in rules()[job]}


@pytest.mark.parametrize(("job", "alert"), [("keyturn", "KeyturnDown"), ("orders", "OrdersDown")])
def test_missing_target_fires(job: str, alert: str, tmp_path: Path) -> None:
    """If Prometheus scrapes nothing of this name, the alert fires, too."""
    _check(Recording(job, 0.0, {'up{job="other"}': [1.0] * SCRAPES}), frozenset({alert}), tmp_path)


def test_age_of_the_scrape_would_count(tmp_path: Path) -> None:
    """A rule that compares a recent moment with ``time()`` fires on a healthy program that is scraped once a minute."""
    recording = Recording.read(RECORDED / "healthy-guard.json")
    rule = {"alert": "Stale", "expr": "time() - keyturn_guard_revocations_timestamp_seconds > 30", "for": "1m"}
    check_fired(recording, {"Stale"}, write_rules(recording.job, tmp_path, [rule]), interval=60, age=55)


@pytest.mark.proof("alerts")
def test_running_services_fire_their_own_alerts(tmp_path: Path, proof: Proof) -> None:
    """The same holds for services that are recorded now, for 15 minutes. At small counts, a healthy one is recorded."""
    scrapes = proof.count("scrapes", small=1, full=SCRAPES)
    chosen = SCENARIOS if scrapes == SCRAPES else {"healthy-idle": SCENARIOS["healthy-idle"]}
    (tmp_path / "services").mkdir()
    recordings = record({name: each[:2] for name, each in chosen.items()}, tmp_path / "services", scrapes=scrapes)
    for name, recording in recordings.items():
        assert all(len(values) == scrapes for values in recording.series.values())
        _check(recording, chosen[name][2], tmp_path)
