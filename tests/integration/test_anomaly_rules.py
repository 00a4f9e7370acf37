"""Early warning in a real Prometheus that has nine days of data with six faults in them, and in promtool's engine."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration import anomalies
from integration.monitoring_stack import Prometheus, configure, need
from integration.test_rules import promtool
from loopback import wait_until
from unit.monitoring import rendered

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import anomaly, durations

SEED = 5
WAITING = 5  # minutes, the `for` of the alert
FOUND_WITHIN = 30  # minutes
SERIES_WEEK = 7 * 1440


def groups() -> list[dict[str, Any]]:
    """Of signals that have been recorded; what would record them anew finds nothing."""
    signals = [{"name": name, "expr": f"absent_now_{name}"} for name in anomalies.SIGNALS]
    return anomaly.anomaly_rules(signals, rendered.numbers(), rendered.RUNBOOKS, rendered.GRAFANA)["groups"]


class Backfilled(Prometheus):
    """Prometheus with nine days that end now, and all that our rules record of them.

    Args:
        directory: of its own.
        seed: of the data.
        rules: that it evaluates itself, from now on.
    """

    def __init__(self, directory: Path, seed: int, rules: list[dict[str, Any]]) -> None:
        directory.mkdir(parents=True)
        (directory / "rules.yml").write_text(yaml.safe_dump({"groups": rules}))
        configuration = configure(directory / "configuration", {}, rules=[directory / "rules.yml"])
        super().__init__(directory / "prometheus", configuration, "--storage.tsdb.retention.time=30d")
        self.first = int(time.time()) // 60 * 60 - 60 * anomalies.MINUTES
        self.last = self.first + 60 * (anomalies.MINUTES - 1)
        values, self.faults = anomalies.samples(seed)
        self.append(anomalies.openmetrics(values, self.first))

    def append(self, lines: Iterable[str]) -> None:
        """Add old samples, while it does not run."""
        data = self.directory / "data.txt"
        data.write_text("".join([*lines, "# EOF\n"]))
        promtool(
            "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=240h", "--quiet", data, self.data
        )  # fmt: skip

    def start(self) -> None:
        """Start it and have it record what it would have recorded: a rule after those that it reads."""
        super().start()
        for parts in (("value", "days"), ("expected",), ("deviation",), ("z",)):
            lines = [line for part in parts for line in self.recorded(part)]
            self.stop()
            self.append(lines)
            super().start()

    def recorded(self, part: str) -> Iterator[str]:
        """A recording of all signals from the third day on, as often as it is made."""
        for group in groups():
            step = durations.seconds(group["interval"])
            for rule in group["rules"]:
                if rule.get("record") == f"anomaly:signal:{part}":
                    for when, value in self.range(rule["expr"], step):
                        yield f'{rule["record"]}{{signal="{rule["labels"]["signal"]}"}} {value} {when:.0f}\n'

    def range(self, expression: str, step: int) -> list[tuple[float, str]]:
        """Time and value of the one series of an expression."""
        parameters = {"start": self.first + 2 * 86400, "end": self.last, "step": step}
        answer = self.get("/api/v1/query_range", query=expression, **parameters)
        (series,) = answer["data"]["result"]
        return series["values"]

    def alarms(self, signal: str) -> list[tuple[int, int]]:
        """First and last minute of each alert, as Prometheus fires it: beyond the limit, and no minute was not."""
        limit = rendered.numbers()["anomaly_warning"]
        found: list[tuple[int, int]] = []
        beyond = 0
        for when, value in self.range(f'anomaly:signal:z{{signal="{signal}"}}', 60):
            minute = round((when - self.first) / 60)
            beyond = beyond + 1 if abs(float(value)) > limit else 0
            if beyond > WAITING and found and found[-1][1] == minute - 1:
                found[-1] = (found[-1][0], minute)
            elif beyond > WAITING:
                found.append((minute, minute))
        return found


@pytest.fixture(scope="module")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backfilled]:
    need("prometheus")
    # Its own evaluations begin at once, and not within four minutes.
    rules = [{**group, "interval": "2s"} for group in groups()]
    with Backfilled(tmp_path_factory.mktemp("anomaly") / "data", SEED, rules) as found:
        yield found


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


def test_what_an_evaluation_costs(backfilled: Backfilled, record_property: Any) -> None:
    """In the engine that evaluates them, on nine days of data."""
    def evaluated() -> list[dict[str, Any]]:
        found = backfilled.get("/api/v1/rules")["data"]["groups"]
        return [group for group in found if all(rule["health"] != "unknown" for rule in group["rules"])]

    wait_until(lambda: len(evaluated()) == 2 * len(anomalies.SIGNALS), 30, "every group is evaluated")
    assert {rule["health"] for group in evaluated() for rule in group["rules"]} == {"ok"}
    a_minute = [
        1000 * group["evaluationTime"] * (60 / durations.seconds(anomaly.BASELINE_INTERVAL) if "baseline" in group["name"] else 1)
        for group in evaluated()
    ]
    mean = sum(a_minute) / len(anomalies.SIGNALS)
    record_property("measured", f"early warning: the rules of a signal take {mean:.2f} ms a minute")
    # Of 60 s: whatever else the machine does, nobody notices.
    assert mean < 50


# --- In promtool's engine ----------------------------------------------------------------------------


def alert_test(directory: Path, values: str, *expected: tuple[str, bool]) -> None:
    """Fail unless AnomalyDetected fires, or does not, at each time of a series with a value every quarter of an hour."""
    signals = [{"name": "load", "expr": "load"}]
    made = anomaly.anomaly_rules(signals, rendered.numbers(), rendered.RUNBOOKS, rendered.GRAFANA)
    (directory / "rules.yml").write_text(yaml.safe_dump(made))
    series = 'ALERTS{alertname="AnomalyDetected", alertstate="firing", channel="ticket", host="a", severity="info", signal="load"}'
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "15m",
        "group_eval_order": [group["name"] for group in made["groups"]],
        "tests": [
            {
                "interval": "15m",
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
    """Up and down, and no longer than it lasts; three days are 288 values."""
    alert_test(tmp_path, "100x288 150x4 100x13", ("3d", False), ("3d30m", True), ("3d1h", True), ("3d3h", False))
    alert_test(tmp_path, "100x288 50x4 100x13", ("3d", False), ("3d30m", True), ("3d3h", False))


def test_before_two_days_are_known_nothing_is_told(tmp_path: Path) -> None:
    alert_test(tmp_path, "100x144 900x4 100x13", ("1d12h30m", False), ("1d12h45m", False))


def test_what_is_a_bit_off_or_comes_every_day_is_usual(tmp_path: Path) -> None:
    alert_test(tmp_path, "100x288 105x13", ("3d30m", False), ("3d1h", False))
    day = "100x47 400x3 100x43"
    alert_test(tmp_path, f"{day} {day} {day} {day}", ("3d12h", False), ("3d12h30m", False), ("3d12h45m", False))


def test_nothing_comes_of_what_is_no_number(tmp_path: Path) -> None:
    gap = " ".join(["NaN"] * 67)  # Hides one of three days.
    alert_test(tmp_path, f"100x144 {gap} 100x76 150x4", ("3d30m", True))
