"""Service levels in promtool's engine: the budget to the digit, and who is told of which errors, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.monitoring_stack import need
from integration.test_rules import promtool
from unit.monitoring import rendered

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import slo

LEVEL = {
    "name": "api",
    "objective": 0.999,
    "error_query": 'sum(rate(requests_total{status="500"}[$window]))',
    "total_query": "sum(rate(requests_total[$window]))",
}
BUDGET = frozenset(
    {"slo:events:rate5m", "slo:errors:rate5m", "slo:errors:ratio_window", "slo:sla:ratio", "slo:error_budget:left_ratio",
     "slo:objective:ratio"}
)  # fmt: skip
ALERTS = ("SloBurnFast", "SloBurnSteady", "SloBurnTicket", "SloBurnSlow", "ErrorBudgetRunningOut")


@pytest.fixture(scope="module", autouse=True)
def promtool_is_installed() -> None:
    need("prometheus")


class Engine:
    """promtool with the rules of one level.

    Args:
        directory: for its files.
        levels: entries of monitoring_slos.
        evaluation: how often rules are evaluated.
        only: the recordings that are wanted; all rules when None. Each costs what it costs.
    """

    def __init__(
        self,
        directory: Path,
        levels: Sequence[Mapping[str, Any]],
        evaluation: str = "30s",
        only: frozenset[str] | None = None,
    ) -> None:
        self.directory, self.evaluation = directory, evaluation
        rules = slo.slo_rules(levels, rendered.numbers(), rendered.RUNBOOKS, rendered.GRAFANA)
        for group in rules["groups"] if only is not None else ():
            group["rules"] = [rule for rule in group["rules"] if rule.get("record") in only]
        self.order = [group["name"] for group in rules["groups"]]
        (directory / "slo.yml").write_text(yaml.safe_dump(rules))

    def check(self, series: Mapping[str, str], *expected: tuple[str, str, str | None], interval: str = "1m") -> None:
        """Fail unless each (time, expression, sample without its value, or None for nothing) is so; values are 1."""
        tests = {
            "rule_files": ["slo.yml"],
            "evaluation_interval": self.evaluation,
            "group_eval_order": self.order,
            "tests": [
                {
                    "interval": interval,
                    "input_series": [{"series": name, "values": values} for name, values in series.items()],
                    "promql_expr_test": [
                        {
                            "expr": expression,
                            "eval_time": time,
                            "exp_samples": [] if sample is None else [{"labels": sample, "value": 1}],
                        }
                        for time, expression, sample in expected
                    ],
                }
            ],
        }
        (self.directory / "tests.yml").write_text(yaml.safe_dump(tests, sort_keys=False))
        promtool("test", "rules", self.directory / "tests.yml")


def firing(alert: str) -> str:
    return f'count without (severity, channel) (ALERTS{{alertname="{alert}", alertstate="firing"}})'


def fires(time: str, alert: str, level: str = "api") -> tuple[str, str, str]:
    return time, firing(alert), f'{{alertname="{alert}", alertstate="firing", slo="{level}"}}'


def silent(time: str, *alerts: str) -> list[tuple[str, str, None]]:
    return [(time, firing(alert), None) for alert in alerts]


def requests(*phases: tuple[int, float, float]) -> dict[str, str]:
    """Two counters, of phases of so many minutes with good and bad requests a minute."""
    return {
        'requests_total{status="200"}': counter((minutes, good) for minutes, good, _bad in phases),
        'requests_total{status="500"}': counter((minutes, bad) for minutes, _good, bad in phases),
    }


def counter(phases: Iterable[tuple[int, float]]) -> str:
    """A counter that grows by so much a minute in phases of so many minutes, as promtool writes it."""
    value, parts = 0.0, ["0"]
    for minutes, step in phases:
        # `a+bxn` is a and n more: the first of a phase is one step on.
        parts.append(f"{value + step:.10g}+{step:.10g}x{minutes - 1}")
        value += step * minutes
    return " ".join(parts)


# --- The budget --------------------------------------------------------------------------------------


def test_the_budget_is_what_one_calculates_by_hand(tmp_path: Path) -> None:
    """Seven days of uneven traffic and faults: what counts is each request, not each minute."""
    phases = [(2000, 100, 0), (500, 400, 1), (60, 90, 10), (3000, 300, 0), (100, 50, 0.5), (4420, 120, 0)]
    assert sum(minutes for minutes, _good, _bad in phases) == 7 * 24 * 60
    bad = sum(minutes * failed for minutes, _good, failed in phases)
    share = bad / sum(minutes * (good + failed) for minutes, good, failed in phases)
    for objective in (0.999, 0.9985):
        left = 1 - share / (1 - objective)
        engine = Engine(tmp_path, [{**LEVEL, "objective": objective, "window": "7d"}], "5m", BUDGET)
        engine.check(
            requests(*phases),
            ("7d", f"abs(slo:error_budget:left_ratio - {left}) < bool 1e-6", '{slo="api"}'),
            ("7d", f"abs(slo:sla:ratio - {1 - share}) < bool 1e-9", '{slo="api", window="7d"}'),
            ("7d", f"slo:objective:ratio == bool {objective}", '{slo="api"}'),
        )


def test_burn_rates_and_the_time_that_is_left(tmp_path: Path) -> None:
    """0.2 % of errors burn a budget of 0.1 % twice too fast."""
    windows = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
    Engine(tmp_path, [LEVEL], "5m").check(
        requests((420, 998, 2)),
        *(
            ("7h", f'abs(slo:burn_rate:ratio{{window="{window}"}} - 2) < bool 1e-6', f'{{slo="api", window="{window}"}}')
            for window in windows
        ),
        # Twice the budget is spent already of all that was.
        ("7h", "abs(slo:error_budget:left_ratio + 1) < bool 1e-6", '{slo="api"}'),
        ("7h", "omnimind:time_to_exhaustion_seconds == bool 0", '{resource="error_budget", slo="api"}'),
    )
    Engine(tmp_path, [LEVEL], "5m").check(
        requests((420, 999.5, 0.5)),
        ("7h", "abs(omnimind:time_to_exhaustion_seconds - 30 * 86400) < bool 1", '{resource="error_budget", slo="api"}'),
    )


def test_no_requests_and_no_errors(tmp_path: Path) -> None:
    """Without a request there is no ratio; without an error it is 0, even when no error was ever counted."""
    engine = Engine(tmp_path, [LEVEL])
    engine.check(requests((60, 0, 0)), ("1h", "slo:errors:ratio_rate5m", None), ("1h", "slo:error_budget:left_ratio", None))
    engine.check(
        {'requests_total{status="200"}': "0+100x60"},
        ("1h", "slo:errors:ratio_rate5m == bool 0", '{slo="api"}'),
        ("1h", "slo:error_budget:left_ratio == bool 1", '{slo="api"}'),
    )


# --- Who is told -------------------------------------------------------------------------------------


def test_five_percent_of_errors_page_within_five_minutes(tmp_path: Path) -> None:
    """After two days without any, and the alert goes when they do."""
    Engine(tmp_path, [LEVEL]).check(
        requests((120, 1000, 0), (60, 950, 50), (60, 1000, 0)),
        *silent("2h", *ALERTS),
        *silent("2h2m", "SloBurnFast"),
        fires("2h5m", "SloBurnFast"),
        fires("2h20m", "SloBurnFast"),
        fires("3h", "SloBurnFast"),
        *silent("3h10m", "SloBurnFast"),
    )


def test_what_lasts_a_moment_does_not_page(tmp_path: Path) -> None:
    """Half a minute in which everything fails, as in a restart: 1.2 % of the budget."""
    Engine(tmp_path, [LEVEL]).check(
        requests((120, 1000, 0), (1, 500, 500), (60, 1000, 0)),
        *[check for minute in range(1, 12) for check in silent(f"{120 + minute}m", "SloBurnFast")],
    )


def test_half_of_what_may_fail_is_never_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [LEVEL], evaluation="10m")
    times = ("10m", "1h", "6h", "1d", "2d", "4d")
    engine.check(requests((4 * 1440, 1999, 1)), *(check for time in times for check in silent(time, *ALERTS)))


@pytest.mark.parametrize(
    ("percent", "told"),
    [
        (0.15, {"SloBurnSlow", "ErrorBudgetRunningOut"}),
        (0.4, {"SloBurnSlow", "ErrorBudgetRunningOut", "SloBurnTicket"}),
        (0.8, {"SloBurnSlow", "ErrorBudgetRunningOut", "SloBurnTicket", "SloBurnSteady"}),
        (2.0, {"SloBurnSlow", "ErrorBudgetRunningOut", "SloBurnTicket", "SloBurnSteady", "SloBurnFast"}),
        (100, {"SloBurnSlow", "ErrorBudgetRunningOut", "SloBurnTicket", "SloBurnSteady", "SloBurnFast"}),
    ],
)
def test_the_steeper_the_more(percent: float, told: set[str], tmp_path: Path) -> None:
    """Every alert fires in one of these and, but for the last two, is silent in another; see also the 0.05 % above."""
    expected = [fires("1h", alert) for alert in ALERTS if alert in told]
    quiet = silent("1h", *(alert for alert in ALERTS if alert not in told))
    Engine(tmp_path, [LEVEL]).check(requests((60, 1000 - 10 * percent, 10 * percent)), *expected, *quiet)


def test_every_alert_of_the_file_is_in_these_tests() -> None:
    assert {alert["alert"] for alert in rendered.alerts("slo")} == set(ALERTS)


@pytest.mark.parametrize(("objective", "window"), [(0.5, "30d"), (0.9, "7d"), (0.99999, "90d")])
def test_when_everything_fails_somebody_is_told_whatever_was_promised(
    objective: float, window: str, tmp_path: Path
) -> None:
    Engine(tmp_path, [{**LEVEL, "objective": objective, "window": window}]).check(
        requests((30, 1000, 0), (60, 0, 1000)),
        *silent("30m", "SloBurnFast"),
        fires("35m", "SloBurnFast"),
        fires("85m", "SloBurnFast"),
    )


# --- The built-in levels -----------------------------------------------------------------------------


def test_the_built_in_levels(tmp_path: Path) -> None:
    target = 'job="omnimind_backend", instance="a:8000", host="a", method="GET"'
    Engine(tmp_path, rendered.load("slos.yml")).check(
        {
            f'omnimind_http_requests_total{{{target}, route="/x", status="200"}}': "0+1000x60",
            # A probe that says "not ready" is no broken promise.
            f'omnimind_http_requests_total{{{target}, route="/ready", status="503"}}': "0+1000x60",
            f'omnimind_http_request_seconds_bucket{{{target}, route="/x", le="0.5"}}': "0+700x60",
            f'omnimind_http_request_seconds_count{{{target}, route="/x"}}': "0+1000x60",
        },
        ("1h", 'slo:sla:ratio{slo="backend_availability"} == bool 1', '{slo="backend_availability", window="30d"}'),
        ("1h", 'abs(slo:sla:ratio{slo="backend_latency"} - 0.7) < bool 1e-6', '{slo="backend_latency", window="30d"}'),
        fires("1h", "SloBurnFast", "backend_latency"),
    )
