"""Early warning: the rules of a signal, and bad signals."""

from __future__ import annotations

from typing import Any

import promql_parser
import pytest
from unit.monitoring import rendered

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import anomaly, durations

SIGNAL: dict[str, Any] = {"name": "requests", "expr": "sum(rate(requests_total[5m]))"}


def rules(**changes: Any) -> list[dict[str, Any]]:
    return [rule for group in groups(**changes) for rule in group["rules"]]


def groups(**changes: Any) -> list[dict[str, Any]]:
    return anomaly.anomaly_rules([{**SIGNAL, **changes}], rendered.numbers(), "https://r/", "https://g")["groups"]


def expressions(**changes: Any) -> dict[str, str]:
    return {rule.get("record") or rule["alert"]: rule["expr"] for rule in rules(**changes)}


def test_a_rule_stands_behind_what_it_reads() -> None:
    """Of its own group; what another recorded is a few minutes old."""
    for group in groups():
        own = {rule["record"] for rule in group["rules"] if "record" in rule}
        recorded: set[str] = set()
        for rule in group["rules"]:
            promql_parser.parse(rule["expr"])
            assert {name for name in own if f"{name}{{" in rule["expr"]} <= recorded
            recorded.add(rule.get("record", ""))


def test_what_is_slow_is_recorded_before_it_is_stale() -> None:
    slow, quick = groups()
    assert durations.seconds(slow["interval"]) < 300, "Prometheus takes a sample to hold for five minutes"
    assert quick["interval"] == "1m"
    assert {rule["record"].rpartition(":")[2] for rule in slow["rules"]} == {"days", "expected", "deviation"}


def test_the_same_half_hour_of_six_days() -> None:
    expected = expressions()["anomaly:signal:expected"]
    for day in range(1, 7):
        assert f"[30m] offset {day * 24 * 60 - 15}m" in expected, "the time of day is the middle"
    assert ">= 2" in expected, "silent until two days are there"


def test_bounds_are_wider_before_a_weekend_is_known() -> None:
    deviation = expressions()["anomaly:signal:deviation"]
    assert '(0.1 * anomaly:signal:expected{signal="requests"}) ^ 2 unless present_over_time(' in deviation
    assert f"offset {7 * 1440 - 15}m) or (0.02 * " in deviation


def test_a_floor_and_a_threshold_of_ones_own() -> None:
    assert "+ 0.5 ^ 2)" in expressions(floor=0.5)["anomaly:signal:deviation"]
    assert " ^ 2 + " not in expressions()["anomaly:signal:deviation"]
    assert expressions()["AnomalyDetected"].endswith("> 3 or anomaly:signal:z{signal=\"requests\"} < -3")
    assert expressions(threshold=4.5)["AnomalyDetected"].endswith("< -4.5")


def test_nobody_is_woken() -> None:
    alert = rules(**{"for": "10m"})[-1]
    assert alert["labels"] == {"signal": "requests", "severity": "info", "channel": "ticket"}
    assert alert["for"] == "10m"
    assert rules()[-1]["for"] == "5m"
    assert alert["annotations"]["dashboard_url"] == "https://g/d/omnimind-application"


def test_the_built_in_signals_are_good() -> None:
    assert anomaly.complaints(rendered.load("anomaly_signals.yml")) == []
    assert anomaly.anomaly_rules([], rendered.numbers(), "", "") == {"groups": []}


@pytest.mark.parametrize(
    ("signals", "complaint"),
    [
        ("x", "anomaly_signals: it is a list"),
        (["x"], "anomaly_signals[0]: it is a mapping"),
        ([SIGNAL, SIGNAL], "anomaly_signals: 'requests' is the name of more than one"),
        ([{**SIGNAL, "query": "x"}], "anomaly_signals[0].query: there is no such key"),
        ([{"name": "x"}], "anomaly_signals[0].expr: it is missing"),
        ([{**SIGNAL, "name": "a b"}], "anomaly_signals[0].name: 'a b' is no name"),
        ([{**SIGNAL, "expr": " "}], "anomaly_signals[0].expr: ' ' is no PromQL"),
        ([{**SIGNAL, "threshold": "3"}], "anomaly_signals[0].threshold: '3' is not a number above 0"),
        ([{**SIGNAL, "threshold": 0}], "anomaly_signals[0].threshold: 0 is not"),
        ([{**SIGNAL, "floor": float("nan")}], "anomaly_signals[0].floor: nan is not"),
        ([SIGNAL, {**SIGNAL, "name": "b", "for": "soon"}], "anomaly_signals[1].for: 'soon' is no length of time"),
        ([{**SIGNAL, "dashboard": 1}], "anomaly_signals[0].dashboard: 1 is no text"),
    ],
)
def test_a_bad_signal_is_named(signals: Any, complaint: str) -> None:
    assert any(found.startswith(complaint) for found in anomaly.complaints(signals)), anomaly.complaints(signals)
