"""Every alert fires when it should and is silent when it should be, in promtool's engine.

Cases stand in `rules/FILE.yml`, by alert and severity, with the series that they are given (a value a minute), the minute that
is looked at, and the labels of the alerts that fire then. `$a` and `$b` are the labels of a target of two hosts; from `host`
follow `job` and `instance`. Rules of service levels have more to prove: see test_slo_rules.py.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.monitoring_stack import need
from unit.monitoring import rendered

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import durations

CASES = Path(__file__).parent / "rules"
FILES = sorted(path.stem for path in CASES.glob("*.yml"))
AN_HOUR = 3600


@pytest.fixture(scope="module")
def rule_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with all rules, as the role writes them."""
    need("prometheus")
    directory = tmp_path_factory.mktemp("rules")
    rendered.write(directory)
    return directory


def promtool(*arguments: object) -> str:
    """What promtool says; the test fails when it complains."""
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_takes_every_file(rule_files: Path) -> None:
    promtool("check", "rules", "--lint-fatal", *sorted(rule_files.glob("*.yml")))


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("name", FILES)
def test_alerts(name: str, long: bool, rule_files: Path, tmp_path: Path) -> None:
    """What takes hours is evaluated less often, as an evaluation costs what it costs."""
    content = yaml.safe_load((CASES / f"{name}.yml").read_text())
    chosen = [test for test in promtool_tests(content) if (ends(test) > AN_HOUR) == long]
    if not chosen:
        return
    tests = {
        "rule_files": [str(rule_files / f"{name}.yml")],
        "evaluation_interval": "5m" if long else "1m",
        "group_eval_order": [group["name"] for group in rendered.files()[name]["groups"]],
        "tests": chosen,
    }
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(tests, sort_keys=False))
    promtool("test", "rules", tmp_path / "tests.yml")


def ends(test: Mapping[str, Any]) -> int:
    """After how many seconds a test of promtool ends."""
    return durations.seconds(test["promql_expr_test"][0]["eval_time"])


def test_every_alert_has_a_case_where_it_fires_and_one_where_it_is_silent() -> None:
    wanted = {(rule["alert"], rule["labels"]["severity"]) for rule in rendered.alerts(*FILES)}
    for kind in ("fires", "quiet"):
        given = {
            (alert, severity)
            for name in FILES
            for alert, severities in yaml.safe_load((CASES / f"{name}.yml").read_text())["alerts"].items()
            for severity, cases in severities.items()
            if cases.get(kind)
        }
        # It is never silent.
        always = {("Watchdog", "info")} if kind == "quiet" else set()
        assert given | always == wanted, kind


def promtool_tests(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each case in promtool's own form. ALERTS is asked rather than the alerts, whose long texts need not be repeated."""
    for alert, severities in content["alerts"].items():
        for severity, cases in severities.items():
            for kind in ("fires", "quiet"):
                found = cases.get(kind, [])
                for index, case in enumerate(found if isinstance(found, list) else [found]):
                    matchers = f'alertname="{alert}", severity="{severity}", alertstate="firing"'
                    yield {
                        "name": f"{alert} {severity} {kind} {index}",
                        "interval": "1m",
                        "input_series": [
                            {"series": with_targets(series, content), "values": str(values)}
                            for series, values in case["series"].items()
                        ],
                        "promql_expr_test": [
                            {
                                "expr": f"ALERTS{{{matchers}}}",
                                "eval_time": case["at"],
                                "exp_samples": [
                                    {"labels": alert_series(matchers, labels, content), "value": 1}
                                    for labels in case.get("labels", [])
                                ],
                            }
                        ],
                    }
                    assert bool(case.get("labels")) == (kind == "fires"), f"{alert} {severity} {kind} {index}"


def with_targets(series: str, content: Mapping[str, Any]) -> str:
    for host in ("a", "b"):
        labels = target(host, content)
        series = series.replace(f"${host}", ", ".join(f'{name}="{value}"' for name, value in labels.items()))
    return series


def target(host: str, content: Mapping[str, Any]) -> dict[str, str]:
    return {"job": content["job"], "instance": f"{host}:{content['port']}", "host": host}


def alert_series(matchers: str, labels: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    given = {name: value for name, value in labels.items() if name != "only"}
    if "host" in given:
        given = target(given["host"], content) | given
    elif "only" not in labels:
        given = {"job": content["job"]} | given
    written = [f'{name}="{value}"' for name, value in given.items()]
    return f"ALERTS{{{', '.join([matchers, *written])}}}"
