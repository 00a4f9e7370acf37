"""Service levels: the maths of budgets, the rules of an entry, and bad entries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as some
from unit.monitoring import rendered

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import burning, durations, slo

ENTRY: dict[str, Any] = {
    "name": "api",
    "objective": 0.999,
    "window": "30d",
    "error_query": 'sum(rate(requests_total{status="500"}[$window]))',
    "total_query": "sum(rate(requests_total[$window]))",
}
FAST, STEADY, TICKET, SLOW = burning.ALARMS


def made(**changes: Any) -> dict[str, Any]:
    return slo.slo_rules([{**ENTRY, **changes}], rendered.numbers(), "https://r/", "https://g")


def rules(**changes: Any) -> list[dict[str, Any]]:
    return [rule for group in made(**changes)["groups"] for rule in group["rules"]]


# --- The maths ---------------------------------------------------------------------------------------


def test_the_workbook_numbers() -> None:
    assert [burning.factor(alarm, 0.999, "30d") for alarm in burning.ALARMS] == [Decimal("14.4"), 6, 3, 1]
    assert burning.steep_factor(0.999, "30d") == 24


@pytest.mark.parametrize(("window", "fast"), [("28d", "13.44"), ("90d", "43.2"), ("7d", "3.36")])
def test_another_window_spends_the_same_share_of_the_budget(window: str, fast: str) -> None:
    assert burning.factor(FAST, 0.999, window) == Decimal(fast)
    spent = burning.factor(FAST, 0.999, window) * durations.seconds("1h") / durations.seconds(window)
    assert spent == Decimal("0.02")


def test_what_stays_within_the_budget_is_never_told() -> None:
    assert burning.factor(SLOW, 0.999, "7d") == 1, "0.23 would be below"


@given(
    some.decimals("0.01", "0.99999", places=5),
    some.integers(7, 92),
)
def test_any_objective_and_window(objective: Decimal, days: int) -> None:
    factors = [burning.factor(alarm, float(objective), f"{days}d") for alarm in burning.ALARMS]
    budget = burning.budget(float(objective))
    assert factors == sorted(factors, reverse=True), "the quicker the alarm, the steeper"
    assert all(factor * budget < 1 for factor in factors), "a service of which everything fails is told of"
    assert burning.steep_factor(float(objective), f"{days}d") * budget < 1
    if budget < Decimal("0.9"):
        assert min(factors) >= 1, "what lasts until the window's end is not told of"


def test_a_budget_is_exact() -> None:
    assert burning.budget(0.999) == Decimal("0.001"), "and not 0.0010000000000000009"
    assert burning.plain(burning.budget(0.99999)) == "0.00001"
    assert burning.plain(Decimal("14.40")) == "14.4"
    assert burning.plain(Decimal(100)) == "100"


# --- The rules ---------------------------------------------------------------------------------------


def test_an_entry_brings_all_its_rules() -> None:
    names = [rule.get("record") or rule["alert"] for rule in rules()]
    for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d"):
        assert f"slo:errors:ratio_rate{window}" in names
    burn_windows = {rule["labels"]["window"] for rule in rules() if rule.get("record") == "slo:burn_rate:ratio"}
    assert burn_windows == {"5m", "30m", "1h", "2h", "6h", "1d", "3d"}
    for name in ("slo:errors:ratio_window", "slo:error_budget:left_ratio", "slo:sla:ratio", "slo:objective:ratio"):
        assert names.count(name) == 1
    assert [name for name in names if name.startswith("SloBurn")] == [
        "SloBurnFast", "SloBurnSteady", "SloBurnTicket", "SloBurnSlow"
    ]  # fmt: skip


def test_every_expression_is_promql_and_every_rule_names_its_level() -> None:
    for rule in rules(window="28d", objective=0.95):
        promql_parser.parse(rule["expr"])
        assert "$window" not in rule["expr"]
        assert rule["labels"]["slo"] == "api"


def test_a_rule_stands_behind_what_it_reads() -> None:
    """Rules of a group are evaluated in their order."""
    for group in made()["groups"]:
        recorded: set[str] = set()
        own = {rule["record"] for rule in group["rules"] if "record" in rule}
        for rule in group["rules"]:
            read = {name for name in own if f"{name}{{" in rule["expr"]}
            assert read - {rule.get("record")} <= recorded, rule
            recorded.add(rule.get("record", ""))


def test_limits_in_the_expressions() -> None:
    by_name = {rule["alert"]: rule for rule in rules() if "alert" in rule}
    assert "ratio_rate1h{slo=\"api\"} > 0.0144 and" in by_name["SloBurnFast"]["expr"]
    assert "> 0.024 and count_over_time" in by_name["SloBurnFast"]["expr"]
    assert "ratio_rate6h{slo=\"api\"} > 0.006 and" in by_name["SloBurnSteady"]["expr"]
    assert "ratio_rate1d{slo=\"api\"} > 0.003 and" in by_name["SloBurnTicket"]["expr"]
    assert "ratio_rate3d{slo=\"api\"} > 0.001 and" in by_name["SloBurnSlow"]["expr"]


def test_who_is_told() -> None:
    severity = {rule["alert"]: rule["labels"]["severity"] for rule in rules() if "alert" in rule}
    assert severity == {
        "SloBurnFast": "critical", "SloBurnSteady": "critical", "SloBurnTicket": "warning", "SloBurnSlow": "warning",
        "ErrorBudgetRunningOut": "info",
    }  # fmt: skip
    assert "critical" not in {rule["labels"].get("severity") for rule in rules(page=False)}


def test_links_and_texts() -> None:
    for rule in (rule for rule in rules(description="Answers.", dashboard="omnimind-business") if "alert" in rule):
        assert rule["annotations"]["runbook_url"] == f"https://r/{rule['alert']}.md"
        assert rule["annotations"]["dashboard_url"] == "https://g/d/omnimind-business"
        assert "api (Answers)" in rule["annotations"]["description"]
    without = slo.slo_rules([ENTRY], rendered.numbers(), "https://r/", "")
    assert without["groups"][0]["rules"][-1]["annotations"]["dashboard_url"] == ""


def test_several_entries_and_none() -> None:
    assert slo.slo_rules([], rendered.numbers(), "", "") == {"groups": []}
    two = slo.slo_rules([ENTRY, {**ENTRY, "name": "web"}], rendered.numbers(), "", "")
    assert len({group["name"] for group in two["groups"]}) == 4
    assert slo.longest_window([ENTRY, {**ENTRY, "window": "90d"}]) == 90 * 86400
    assert slo.longest_window([]) == 0


# --- Bad entries -------------------------------------------------------------------------------------


def test_the_built_in_levels_are_good() -> None:
    assert slo.complaints(rendered.load("slos.yml")) == []
    assert slo.complaints([]) == []


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ("api", "slos: it is a list"),
        ({"name": "api"}, "slos: it is a list"),
        (["api"], "slos[0]: it is a mapping"),
        ([ENTRY, ENTRY], "slos: 'api' is the name of more than one"),
        ([{**ENTRY, "objectiv": 1}], "slos[0].objectiv: there is no such key"),
        ([{"name": "api"}], "slos[0].objective: it is missing"),
        ([{**ENTRY, "name": "A-b"}], "slos[0].name: 'A-b' is no name"),
        ([{**ENTRY, "objective": 99.9}], "slos[0].objective: 99.9 is not between 0 and 1, both excluded; 99.9% is 0.999"),
        ([{**ENTRY, "objective": 1}], "slos[0].objective: 1 is not between"),
        ([{**ENTRY, "objective": "0.9"}], "slos[0].objective: '0.9' is not a number"),
        ([{**ENTRY, "objective": True}], "slos[0].objective: True is not a number"),
        ([ENTRY, {**ENTRY, "name": "b", "window": "month"}], "slos[1].window: 'month' is no length of time"),
        ([{**ENTRY, "window": 30}], "slos[0].window: 30 is no length of time"),
        ([{**ENTRY, "window": "1d"}], "slos[0].window: 1d is not between 7d and 92d"),
        ([{**ENTRY, "total_query": "sum(rate(x_total[5m]))"}], "slos[0].total_query: it has no [$window]"),
        ([{**ENTRY, "error_query": ""}], "slos[0].error_query: '' is no PromQL"),
        ([{**ENTRY, "page": "no"}], "slos[0].page: 'no' is neither true nor false"),
        ([{**ENTRY, "description": 7}], "slos[0].description: 7 is no text"),
    ],
)
def test_a_bad_entry_is_named(entries: Any, complaint: str) -> None:
    assert any(found.startswith(complaint) for found in slo.complaints(entries)), slo.complaints(entries)
