"""Early warning in a real Prometheus that has nine days of data with six faults in them, and in promtool's engine."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration import anomalies
from integration.monitoring_stack import Prometheus, configure, need
from integration.test_rules import promtool
from unit.monitoring import rendered

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import anomaly

SEED = 5
WAITING = 5  # minutes, the `for` of the alert
FOUND_WITHIN = 30  # minutes
SERIES_WEEK = 7 * 1440


def rules(*names: str) -> dict[str, Any]:
    """Of signals that have been recorded; what records them anew finds nothing."""
    signals = [{"name": name, "expr": f"absent_now_{name}"} for name in names]
    made = anomaly.anomaly_rules(signals, rendered.numbers(), rendered.RUNBOOKS, rendered.GRAFANA)
    return {"groups": [{**group, "interval": "2s"} for group in made["groups"]]}


def inlined(group: Mapping[str, Any]) -> str:
    """The expression of z alone, with those that it reads in the places of their names, down to the signal."""
    by_name = {rule["record"]: rule["expr"] for rule in group["rules"] if "record" in rule}
    expression = by_name["anomaly:signal:z"]
    for part in ("deviation", "expected", "days", "value"):
        pattern = rf"anomaly:signal:{part}\{{[^}}]*\}}"
        expression = re.sub(pattern, lambda _found, part=part: f"({by_name[f'anomaly:signal:{part}']})", expression)
    return expression


class Backfilled:
    """Prometheus with nine days that end now, and the rules on them."""

    def __init__(self, prometheus: Prometheus, first: int, faults: list[anomalies.Fault]) -> None:
        self.prometheus, self.first, self.faults = prometheus, first, faults
        self.groups = {name: group for name, group in zip(anomalies.SIGNALS, rules(*anomalies.SIGNALS)["groups"])}

    def z(self, signal: str) -> dict[int, float]:
        """By minute of the data."""
        answer = self.prometheus.get(
            "/api/v1/query_range",
            query=inlined(self.groups[signal]),
            start=self.first + 2 * 86400,
            end=self.first + 60 * (anomalies.MINUTES - 1),
            step=60,
        )
        (series,) = answer["data"]["result"]
        return {round((when - self.first) / 60): float(value) for when, value in series["values"]}

    def alarms(self, signal: str) -> list[tuple[int, int]]:
        """First and last minute of each alert, as Prometheus fires it."""
        limit = rendered.numbers()["anomaly_warning"]
        found: list[tuple[int, int]] = []
        beyond, last = 0, None
        for minute, z in sorted(self.z(signal).items()):
            beyond = beyond + 1 if abs(z) > limit and last == minute - 1 else int(abs(z) > limit)
            last = minute
            if beyond > WAITING:
                if found and found[-1][1] == minute - 1:
                    found[-1] = (found[-1][0], minute)
                else:
                    found.append((minute, minute))
        return found


@pytest.fixture(scope="module")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backfilled]:
    with backfilled_prometheus(tmp_path_factory.mktemp("anomaly"), SEED) as found:
        yield found


class backfilled_prometheus:
    """`with backfilled_prometheus(directory, seed) as found`: found is a `Backfilled`."""

    def __init__(self, directory: Path, seed: int) -> None:
        need("prometheus")
        values, faults = anomalies.samples(seed)
        first = int(time.time()) // 60 * 60 - 60 * anomalies.MINUTES
        (directory / "data.txt").write_text("".join(anomalies.openmetrics(values, first)))
        (directory / "rules.yml").write_text(yaml.safe_dump(rules(*anomalies.SIGNALS)))
        configuration = configure(directory / "configuration", {}, rules=[directory / "rules.yml"])
        self.prometheus = Prometheus(directory / "prometheus", configuration, "--storage.tsdb.retention.time=30d")
        promtool(
            "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=240h", "--quiet",
            directory / "data.txt", self.prometheus.data,
        )  # fmt: skip
        self.found = Backfilled(self.prometheus, first, faults)

    def __enter__(self) -> Backfilled:
        self.prometheus.__enter__()
        return self.found

    def __exit__(self, *unused: object) -> None:
        self.prometheus.__exit__()


def judged(backfilled: Backfilled) -> tuple[dict[str, int], list[str], float]:
    """Minutes until each fault was found, alarms without a fault, and series-weeks that were looked at."""
    found: dict[str, int] = {}
    false: list[str] = []
    minutes = 0
    for signal in anomalies.SIGNALS:
        own = [fault for fault in backfilled.faults if fault.signal == signal]
        minutes += anomalies.MINUTES - 2 * 1440
        for start, end in backfilled.alarms(signal):
            # A mean of five minutes, and one of half an hour a day later, still have a fault in them.
            causes = [fault for fault in own if fault.start <= start <= fault.start + fault.minutes + 10]
            for fault in causes:
                found.setdefault(fault.name, start - fault.start)
            if not causes:
                false.append(f"{signal} from minute {start} to {end}")
    return found, false, minutes / SERIES_WEEK


def test_planted_faults_are_found_and_nothing_else(backfilled: Backfilled, record_property: Any) -> None:
    found, false, weeks = judged(backfilled)
    soon = {name: minutes for name, minutes in found.items() if minutes <= FOUND_WITHIN}
    told = ", ".join(f"{name} after {minutes} min" for name, minutes in sorted(found.items()))
    record_property("measured", f"early warning: {told}; {len(false)} false alarms in {weeks:.1f} series-weeks")
    assert len(soon) >= 5, found
    assert len(false) <= weeks, false


def test_what_prometheus_records_is_what_was_judged(backfilled: Backfilled) -> None:
    """The chain of recordings and the one expression agree, on what is recorded now."""
    prometheus = backfilled.prometheus
    for signal in ("requests", "cpu"):
        (expected,) = prometheus.wait_for(f'anomaly:signal:expected{{signal="{signal}"}}')
        when = float(prometheus.query(f'timestamp(anomaly:signal:expected{{signal="{signal}"}})')[0]["value"][1])
        group = backfilled.groups[signal]
        by_name = {rule["record"]: rule["expr"] for rule in group["rules"] if "record" in rule}
        alone = by_name["anomaly:signal:expected"].partition(" and anomaly:signal:days")[0]
        (again,) = prometheus.query(alone, time=when)
        assert float(again["value"][1]) == pytest.approx(float(expected["value"][1]))
        (days,) = prometheus.query(f'anomaly:signal:days{{signal="{signal}"}}')
        assert days["value"][1] == "6"


def test_what_an_evaluation_costs(backfilled: Backfilled, record_property: Any) -> None:
    backfilled.prometheus.wait_for("count(anomaly:signal:deviation) == 5")
    groups = backfilled.prometheus.get("/api/v1/rules")["data"]["groups"]
    assert [rule["health"] for group in groups for rule in group["rules"]] == ["ok"] * 7 * len(groups)
    milliseconds = sorted(1000 * group["evaluationTime"] for group in groups)
    middle = milliseconds[len(milliseconds) // 2]
    record_property("measured", f"early warning: a signal's rules take {middle:.2f} ms, once a minute")
    # One of 60 s: whatever else the machine does, a signal costs nothing that is noticed.
    assert middle < 50


# --- In promtool's engine ----------------------------------------------------------------------------


def alert_test(directory: Path, values: str, *expected: tuple[str, bool]) -> None:
    """Fail unless AnomalyDetected fires, or does not, at each time of a series with a value all five minutes."""
    signals = [{"name": "load", "expr": "load"}]
    made = anomaly.anomaly_rules(signals, rendered.numbers(), rendered.RUNBOOKS, rendered.GRAFANA)
    (directory / "rules.yml").write_text(yaml.safe_dump(made))
    series = 'ALERTS{alertname="AnomalyDetected", alertstate="firing", channel="ticket", host="a", severity="info", signal="load"}'
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "5m",
        "tests": [
            {
                "interval": "5m",
                "input_series": [{"series": 'load{host="a"}', "values": values}],
                "promql_expr_test": [
                    {
                        "expr": 'ALERTS{alertname="AnomalyDetected", alertstate="firing"}',
                        "eval_time": time,
                        "exp_samples": [{"labels": series, "value": 1}] if fires else [],
                    }
                    for time, fires in expected
                ],
            }
        ],
    }
    (directory / "tests.yml").write_text(yaml.safe_dump(tests))
    promtool("test", "rules", directory / "tests.yml")


def test_what_is_not_as_usual_is_told(tmp_path: Path) -> None:
    """Up and down, and no longer than it lasts; three days are 864 values."""
    alert_test(tmp_path, "100x864 150x12 100x40", ("3d", False), ("3d20m", True), ("3d50m", True), ("3d2h", False))
    alert_test(tmp_path, "100x864 50x12 100x40", ("3d", False), ("3d20m", True), ("3d2h", False))


def test_before_two_days_are_known_nothing_is_told(tmp_path: Path) -> None:
    alert_test(tmp_path, "100x432 900x12 100x40", ("1d12h20m", False), ("1d12h50m", False))


def test_what_is_a_bit_off_or_comes_every_day_is_usual(tmp_path: Path) -> None:
    alert_test(tmp_path, "100x864 105x40", ("3d20m", False), ("3d1h", False))
    day = "100x143 400x11 100x131"
    alert_test(tmp_path, f"{day} {day} {day} {day}", ("3d12h", False), ("3d12h20m", False), ("3d12h50m", False))


def test_nothing_comes_of_what_is_no_number(tmp_path: Path) -> None:
    gap = " ".join(["NaN"] * 200)  # Hides one of three days.
    alert_test(tmp_path, f"100x432 {gap} 100x231 150x12", ("3d20m", True))
