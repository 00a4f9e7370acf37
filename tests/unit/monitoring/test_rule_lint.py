"""Our rules have no finding, and the lint finds each fault that is planted."""

from __future__ import annotations

from typing import Any

import pytest
from tools.rules.lint import EXCEPTIONS, lint
from unit.monitoring import rendered

ALERT = {
    "alert": "Good",
    "expr": 'up{job="node"} == 0',
    "for": "2m",
    "labels": {"severity": "critical"},
    "annotations": {
        "summary": "{{ $labels.host }} is down",
        "description": "It does not answer.",
        "runbook_url": "https://runbooks.example/Good.md",
        "dashboard_url": "https://grafana.example/d/omnimind-system",
    },
}
RECORDING = {"record": "job:requests:rate5m", "expr": "sum by (job, instance) (rate(requests_total[5m]))"}


def findings(*rules: dict[str, Any]) -> list[str]:
    return lint({"a.yml": {"groups": [{"name": "a", "rules": list(rules)}]}})


def alert(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**ALERT, **changes}.items() if value is not None}


def annotated(**changes: str) -> dict[str, Any]:
    return alert(annotations={**ALERT["annotations"], **changes})


def test_our_rules() -> None:
    assert lint(rendered.files()) == []


def test_what_is_right() -> None:
    assert findings(ALERT, RECORDING) == []


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (alert(expr="up{job="), "expression"),
        (alert(expr="up == 0"), "up: up without a job"),
        (alert(expr='up{job="node"}'), "comparison: it compares with nothing"),
        (alert(expr='rate(node_load1{job="node"}[5m]) > 1'), "counters: node_load1 is no counter"),
        (alert(expr='errors_total{job="node"} > 1'), "counters: errors_total is a counter"),
        (alert(expr='rate(errors_total{job="node"}[1m]) > 1'), "ranges: a range of 60 s"),
        (alert(expr="rate(sum by (instance) (errors_total)[5m:1m]) > 1"), "sums: a rate of a sum"),
        (alert(expr="holt_winters(load[1h], 0.5, 0.5) > 1"), "holt_winters"),
        (alert(expr="double_exponential_smoothing(load[1h], 0.5, 0.5) > 1"), "double_exponential_smoothing"),
        (alert(expr="mad_over_time(load[1h]) > 1"), "mad_over_time"),
        (alert(expr='up{job=~"node"} == 0'), "matchers: job: 'node' needs no regular expression"),
        (alert(expr='up{job=~"^node|redis$"} == 0'), "matchers: job: a regular expression matches the whole"),
        (alert(expr='count by (job) (up{job="node"} == 0) > 0'), "labels: summary calls for the label host"),
        (alert(expr="count(load) > 0", annotations={**ALERT["annotations"], "summary": "x"}), "hosts: it keeps neither"),
        (alert(**{"for": None}), "waiting: it neither waits"),
        (alert(labels={"severity": "page"}), "severity: 'page' is none of"),
        (alert(labels={"severity": "warning", "channel": "ticket"}), "severity: a ticket has severity info"),
        (annotated(summary=""), "annotations: there is no summary"),
        (annotated(summary="It is down."), "annotations: its summary is a title"),
        (annotated(description="down"), "annotations: its description is no sentence"),
        (annotated(dashboard_url=""), "annotations: there is no dashboard_url"),
        (annotated(runbook_url="https://runbooks.example/Bad.md"), "annotations: its runbook is not Good.md"),
        ({**RECORDING, "record": "requests"}, "record: its name is not of the form"),
    ],
)
def test_a_planted_fault(rule: dict[str, Any], found: str) -> None:
    assert any(found in finding for finding in findings(rule)), findings(rule)


def test_twice_the_same() -> None:
    assert findings(ALERT, ALERT) == ["a.yml: Good: double: it stands in a.yml too"]
    group = {"name": "a", "rules": [ALERT]}
    assert "b.yml: a: double: there is a group of that name in a.yml" in lint({"a.yml": {"groups": [group]}, "b.yml": {"groups": [group]}})


def test_every_exception_is_needed() -> None:
    names = {rule["alert"] for rule in rendered.alerts()}
    for (check, name), reason in EXCEPTIONS.items():
        assert name in names and reason, f"{check}: there is no alert {name} any more"
