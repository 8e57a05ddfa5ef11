"""The monitoring page, the dashboard and the alerts use metrics that exist."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml
from prometheus_client.metrics_core import Metric

from app.adapters.telemetry.prometheus import PrometheusTelemetry

from .console import ROOT

PAGE: Final = (ROOT / "docs/monitoring.md").read_text()
FOLDER: Final = ROOT / "docs/monitoring"
DASHBOARD: Final[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text())
ALERTS: Final[list[dict[str, Any]]] = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]

EXPRESSIONS: Final = {
    **{f"alert {rule['alert']}": rule["expr"] for rule in ALERTS},
    **{f"panel {panel['title']}": target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]},
}

_SUFFIXES: Final = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
_OF_EVERY_SERIES: Final = {"instance", "job", "le"}


def families() -> list[Metric]:
    """Return all metrics."""
    return list(PrometheusTelemetry()._registry.collect())


def labels() -> dict[str, set[str]]:
    """Return the labels of each series by its name in a query."""
    registry = PrometheusTelemetry()._registry
    declared = {collector._name: set(collector._labelnames) for collector in registry._collector_to_names}  # type: ignore[attr-defined]  # there is no other way
    return {f"{each.name}{end}": declared[each.name] for each in families() for end in _SUFFIXES[each.type]}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expressions_use_existing_metrics(expression: str) -> None:
    """Each metric in an expression exists and has the labels that the expression uses."""
    known = labels()
    named = re.findall(r"\bkeyturn_\w+", expression)
    assert named or "up{" in expression
    assert set(named) <= known.keys()
    for name, matchers in re.findall(r"\b(keyturn_\w+)\{([^}]*)\}", expression):
        assert set(re.findall(r"(\w+)\s*[=!]~?", matchers)) <= known[name] | _OF_EVERY_SERIES
    for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
        assert set(group.split(", ")) <= set.union(*(known[name] for name in named)) | _OF_EVERY_SERIES


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_brackets_are_balanced(expression: str) -> None:
    """The brackets of an expression are balanced."""
    open_ones: list[str] = []
    for each in re.sub(r'"[^"]*"', "", expression):
        if each in "([{":
            open_ones.append({"(": ")", "[": "]", "{": "}"}[each])
        elif each in ")]}":
            assert open_ones.pop() == each
    assert open_ones == []


def test_dashboard_shows_every_metric() -> None:
    """The dashboard shows every metric."""
    shown = set(re.findall(r"\bkeyturn_\w+", json.dumps(DASHBOARD["panels"])))
    assert all(any(f"{each.name}{end}" in shown for end in _SUFFIXES[each.type]) for each in families())


def test_dashboard_is_well_formed() -> None:
    """Panels have unique ids, do not overlap and use the selected data source."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert {each["name"] for each in DASHBOARD["templating"]["list"]} == {"datasource", "instance"}


def test_table_lists_all_metrics() -> None:
    """The table lists each metric with its labels, and nothing else."""
    rows = {(name, tuple(re.findall(r"`(\w+)`", named))) for name, named in _rows(PAGE, r"keyturn_\w+")}
    known = labels()
    assert {name for name, _ in rows} == {_shown(each) for each in families()}
    for name, named in rows:
        assert set(named) == known.get(name, known.get(f"{name}_bucket"))


def test_page_describes_every_alert() -> None:
    """The page describes each alert, and each alert has a summary and a severity."""
    assert [name for name, _ in _rows(PAGE, r"Keyturn\w+")] == [rule["alert"] for rule in ALERTS]
    for rule in ALERTS:
        assert rule["annotations"].keys() == {"summary", "description"}
        assert rule["labels"]["severity"] in ("warning", "critical")


def _shown(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def _rows(page: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the first two cells of the table rows whose first cell matches."""
    for row in re.finditer(rf"(?m)^\| `({name})` \|([^|]*)\|", page):
        yield row[1], row[2]
