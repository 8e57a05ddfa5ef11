"""The page on monitoring, the dashboard and the alerts name metrics that there are."""

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
    """Return all metrics, as they are declared."""
    return list(PrometheusTelemetry()._registry.collect())


def labels() -> dict[str, set[str]]:
    """Return the labels of each series, by the name it has in a query."""
    registry = PrometheusTelemetry()._registry
    declared = {collector._name: set(collector._labelnames) for collector in registry._collector_to_names}  # type: ignore[attr-defined]  # there is no other way
    return {f"{each.name}{end}": declared[each.name] for each in families() for end in _SUFFIXES[each.type]}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_names_what_there_is(expression: str) -> None:
    """Every metric in it exists, and has the labels that are asked of it."""
    known = labels()
    named = re.findall(r"\bkeyturn_\w+", expression)
    assert named
    assert set(named) <= known.keys()
    for name, matchers in re.findall(r"\b(keyturn_\w+)\{([^}]*)\}", expression):
        assert set(re.findall(r"(\w+)\s*[=!]~?", matchers)) <= known[name] | _OF_EVERY_SERIES
    for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
        assert set(group.split(", ")) <= set.union(*(known[name] for name in named)) | _OF_EVERY_SERIES


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_is_whole(expression: str) -> None:
    """Its brackets are paired."""
    open_ones: list[str] = []
    for each in re.sub(r'"[^"]*"', "", expression):
        if each in "([{":
            open_ones.append({"(": ")", "[": "]", "{": "}"}[each])
        elif each in ")]}":
            assert open_ones.pop() == each
    assert open_ones == []


def test_the_dashboard_shows_every_metric() -> None:
    """No metric is measured for nobody to see."""
    shown = set(re.findall(r"\bkeyturn_\w+", json.dumps(DASHBOARD["panels"])))
    assert all(any(f"{each.name}{end}" in shown for end in _SUFFIXES[each.type]) for each in families())


def test_the_dashboard_can_be_imported() -> None:
    """Its panels have ids of their own and do not overlap, and each asks the chosen data source."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert {each["name"] for each in DASHBOARD["templating"]["list"]} == {"datasource", "instance"}


def test_the_table_of_metrics_is_the_metrics() -> None:
    """Every metric has its row, with its labels, and nothing else has one."""
    rows = {(name, tuple(re.findall(r"`(\w+)`", named))) for name, named in _rows(PAGE, r"keyturn_\w+")}
    known = labels()
    assert {name for name, _ in rows} == {_shown(each) for each in families()}
    for name, named in rows:
        assert set(named) == known.get(name, known.get(f"{name}_bucket"))


def test_every_alert_has_its_row() -> None:
    """The page says of each what to do, and each says what it is and how bad."""
    assert [name for name, _ in _rows(PAGE, r"Keyturn\w+")] == [rule["alert"] for rule in ALERTS]
    for rule in ALERTS:
        assert rule["annotations"].keys() == {"summary", "description"}
        assert rule["labels"]["severity"] in ("warning", "critical")


def _shown(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def _rows(page: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the first two cells of the rows that begin with such a name."""
    for row in re.finditer(rf"(?m)^\| `({name})` \|([^|]*)\|", page):
        yield row[1], row[2]
