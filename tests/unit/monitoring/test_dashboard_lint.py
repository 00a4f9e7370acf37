"""Each rule of the lint finds the fault that it is there for, and no other rule does."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tools.dashboards.boards import BOARDS
from tools.dashboards.build import FILES
from tools.dashboards.lint import RULES, findings

Fault = Callable[[dict[str, Any]], object]
SOUND = json.loads((FILES / "dashboards" / "redis.json").read_text(encoding="utf-8"))
REASONS = next(board for board in BOARDS if board.file == "redis").reasons()


def panel(dashboard: dict[str, Any], title: str) -> dict[str, Any]:
    return next(one for one in dashboard["panels"] if one.get("title") == title)


def defaults(dashboard: dict[str, Any], title: str) -> dict[str, Any]:
    return panel(dashboard, title)["fieldConfig"]["defaults"]


def variable(dashboard: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in dashboard["templating"]["list"] if one["name"] == name)


def ask(expression: str) -> Fault:
    """Have a panel ask this."""
    return lambda dashboard: panel(dashboard, "Commands")["targets"][0].update(expr=expression)


CHOSEN = 'job=~"$job", instance=~"$instance"'
FAULTS: list[tuple[str, Fault]] = [
    ("uid", lambda it: it.update(uid="x8Jk2")),
    ("uid", lambda it: it.update(tags=["redis"])),
    ("schema", lambda it: it.update(schemaVersion=42)),
    ("no-inputs", lambda it: it.update(__inputs=[])),
    ("no-inputs", lambda it: it.update(description="${DS_PROMETHEUS}")),
    ("uneditable", lambda it: it.update(editable=True)),
    ("refresh", lambda it: it.update(refresh="5s")),
    ("refresh", lambda it: it.update(timezone="utc")),
    ("refresh", lambda it: it["time"].update({"from": "now-30d"})),
    ("template-datasource", lambda it: variable(it, "datasource").update(query="loki")),
    ("template-datasource", lambda it: it["templating"]["list"].reverse()),
    ("template-job", lambda it: it["templating"]["list"].remove(variable(it, "job"))),
    ("template-job", lambda it: variable(it, "job").update(allValue=".*")),
    ("template-instance", lambda it: variable(it, "instance").update(multi=False)),
    ("template-instance", lambda it: variable(it, "instance").update(query="label_values(redis_up, instance)")),
    ("template-label-promql", lambda it: variable(it, "job").update(query="label_values(redis_up{, job)")),
    ("template-label-promql", lambda it: variable(it, "job").update(query="jobs(redis_up)")),
    ("template-reload", lambda it: variable(it, "job").update(refresh=1)),
    ("links", lambda it: it["links"][0].update(keepTime=False)),
    ("annotations", lambda it: it["annotations"]["list"].pop()),
    ("annotations", lambda it: it["annotations"]["list"][0].update(enable=False)),
    ("alert-table", lambda it: panel(it, "Alerts firing")["targets"][0].update(expr=f"redis_up{{{CHOSEN}}}")),
    ("panel-ids", lambda it: panel(it, "Commands").update(id=1)),
    ("panel-ids", lambda it: panel(it, "Commands").pop("id")),
    ("layout", lambda it: panel(it, "Commands")["gridPos"].update(x=0)),
    ("layout", lambda it: panel(it, "Alerts")["gridPos"].update(w=12)),
    ("layout", lambda it: it["panels"].insert(0, it["panels"].pop(10))),
    ("panel-kind", lambda it: panel(it, "Keys of each shard").update(type="canvas")),
    ("panel-datasource", lambda it: panel(it, "Commands").update(datasource={"uid": "${datasource}"})),
    ("panel-datasource", lambda it: panel(it, "Commands").update(datasource="Prometheus")),
    ("panel-datasource", lambda it: panel(it, "Commands")["targets"][0].update(datasource="Prometheus")),
    ("panel-no-targets", lambda it: panel(it, "Commands").update(targets=[])),
    ("panel-no-targets", lambda it: panel(it, "Slots by state")["targets"][1].update(refId="A")),
    ("panel-title-description", lambda it: panel(it, "Commands").update(title="Keys of each shard")),
    ("panel-title-description", lambda it: panel(it, "Commands").update(description="Commands.")),
    ("panel-units", lambda it: defaults(it, "Commands").update(unit="furlongs")),
    ("panel-units", lambda it: defaults(it, "Commands").pop("unit")),
    ("panel-no-value", lambda it: defaults(it, "Commands").pop("noValue")),
    ("panel-y-min", lambda it: defaults(it, "Replication lag").pop("min")),
    ("panel-stacking", lambda it: defaults(it, "Replication lag")["custom"].update(stacking={"mode": "normal"})),
    ("panel-legend", lambda it: panel(it, "Replication lag")["options"]["legend"].update(calcs=[])),
    ("panel-legend", lambda it: panel(it, "Replication lag")["targets"][0].update(legendFormat="")),
    ("panel-runbook", lambda it: defaults(it, "Replication lag").update(links=[])),
    ("target-promql", ask("sum(")),
    ("target-job", ask('sum(redis_up{instance=~"$instance"})')),
    ("target-job", ask('sum(redis_up{job="$job", instance=~"$instance"})')),
    ("target-instance", ask('sum(slo:sla:ratio{job=~"$job|", instance=~"$instance"})')),
    ("target-instance", ask('sum(redis_up{job=~"$job"})')),
    ("target-counter-agg", ask(f"sum(redis_commands_processed_total{{{CHOSEN}}})")),
    ("target-counter-agg", ask(f"deriv(redis_commands_processed_total{{{CHOSEN}}}[$__range])")),
    ("target-rate-interval", ask(f"rate(redis_commands_processed_total{{{CHOSEN}}}[5m])")),
    ("target-rate-interval", ask(f"rate(redis_commands_processed_total{{{CHOSEN}}}[$__range])")),
    ("target-rate-interval", ask(f"max_over_time(redis_up{{{CHOSEN}}}[10m])")),
    ("target-named", ask(f"count({{{CHOSEN}}})")),
]


def test_what_they_are_planted_in_is_sound() -> None:
    assert findings(SOUND, REASONS) == []


@pytest.mark.parametrize(
    ("rule", "fault"), FAULTS, ids=[f"{rule}-{index}" for index, (rule, _fault) in enumerate(FAULTS)]
)
def test_a_fault_is_found(rule: str, fault: Fault) -> None:
    dashboard = deepcopy(SOUND)
    fault(dashboard)
    assert {found.partition(":")[0] for found in findings(dashboard, REASONS)} == {rule}


def test_every_rule_has_its_fault() -> None:
    assert {rule for rule, _fault in FAULTS} == set(RULES)


def test_an_exception_holds_for_its_panel_and_its_rule() -> None:
    dashboard = deepcopy(SOUND)
    defaults(dashboard, "Replication lag").pop("min")
    number = panel(dashboard, "Replication lag")["id"]
    assert findings(dashboard, {**REASONS, (number, "panel-y-min"): "it may be negative"}) == []
    assert findings(dashboard, {**REASONS, (number, "panel-y-min"): ""}) != []
    assert findings(dashboard, {**REASONS, (number, "panel-units"): "another"}) != []


def test_an_exception_that_nothing_needs_is_told() -> None:
    assert findings(SOUND, {**REASONS, (1, "panel-y-min"): "once it did"}) == [
        "panel-y-min: panel 1 needs no exception"
    ]
