"""The rules in a Prometheus that scrapes the real stack: every metric is there, every rule works, nothing fires at rest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
from integration.monitoring_stack import Alertmanager, Stack, monitored_platform
from integration.servers import free_ports
from loopback import wait_until
from tools.rules.expressions import metrics
from unit.monitoring import rendered

# What a host has only with a GPU. The role's collector writes these names, see docs/metrics.md.
GPU = """\
omnimind_gpu_utilization_ratio{gpu="0",name="A100"} 0.5
omnimind_gpu_memory_used_bytes{gpu="0",name="A100"} 1e9
omnimind_gpu_memory_total_bytes{gpu="0",name="A100"} 4e10
omnimind_gpu_temperature_celsius{gpu="0",name="A100"} 50
omnimind_gpu_power_watts{gpu="0",name="A100"} 100
"""
# Recordings of what takes a day to begin.
SLOW = {"anomaly:signal:days", "anomaly:signal:expected", "anomaly:signal:deviation", "anomaly:signal:z"}
# Of these a healthy stack has what makes them fire, or this machine decides.
ABOUT_THIS_MACHINE = ("Host", "Disk", "Memory", "FileDescriptors", "Prometheus")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("live")
    with monitored_platform(directory / "stack", rendered.write(directory / "rules")) as found:
        write_textfiles(found.node.textfiles, directory)
        yield found


def write_textfiles(textfiles: Path, directory: Path) -> None:
    """What the role's collectors write."""
    certificate = directory / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
         "-subj", "/CN=x", "-keyout", directory / "key.pem", "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    collector = rendered.FILES / "textfile" / "certificates.py"
    subprocess.run([sys.executable, "-I", collector, textfiles / "certificates.prom", certificate], check=True)
    (textfiles / "gpu.prom").write_text(GPU)


def test_every_metric_is_exported_or_recorded(stack: Stack, tmp_path: Path) -> None:
    wanted = {name for rule in rendered.rules() for name in metrics(promql_parser.parse(rule["expr"]))}
    recorded = {rule["record"] for rule in rendered.rules() if "record" in rule}
    # The stack's Alertmanager is alone; one of a cluster says more.
    clustered = exported_by_a_member_of_a_cluster(tmp_path / "member")

    def missing() -> set[str]:
        there = set(stack.prometheus.get("/api/v1/label/__name__/values")["data"])
        return wanted - there - clustered - SLOW

    try:
        wait_until(lambda: not missing() - recorded, 20)
    finally:
        assert missing() <= recorded


def exported_by_a_member_of_a_cluster(directory: Path) -> set[str]:
    option = f"--cluster.listen-address=127.0.0.1:{free_ports(1)[0]}"
    with Alertmanager(directory, None, option) as member:
        lines = httpx.get(f"{member.url}/metrics").text.splitlines()
    return {line.partition("{")[0].partition(" ")[0] for line in lines if not line.startswith("#")}


def test_every_rule_works_and_costs_little(stack: Stack, record_property: Any) -> None:
    def groups() -> list[dict[str, Any]]:
        return stack.prometheus.get("/api/v1/rules")["data"]["groups"]

    quick = {"host_alerts", "redis_alerts", "backend_alerts", "monitoring_alerts"}
    wait_until(lambda: all(g["evaluationTime"] > 0 for g in groups() if g["name"] in quick), 20, "rules are evaluated")
    unwell = {rule["name"]: rule.get("lastError") for g in groups() for rule in g["rules"] if rule["health"] == "err"}
    assert unwell == {}
    spent = {group["name"]: 1000 * group["evaluationTime"] for group in groups()}
    count = sum(len(group["rules"]) for group in groups())
    record_property("measured", f"rules: {count} take {sum(spent.values()):.1f} ms, all groups once, with six Redis nodes")
    assert sum(spent.values()) < 2000, spent


def test_nothing_fires_at_rest_but_the_watchdog(stack: Stack) -> None:
    stack.prometheus.wait_for('ALERTS{alertname="Watchdog"}')
    active = {alert["labels"]["alertname"] for alert in stack.prometheus.alerts()}
    assert {name for name in active if not name.startswith(ABOUT_THIS_MACHINE)} == {"Watchdog"}


def test_a_dead_master_is_told_with_its_name(stack: Stack) -> None:
    """What only a real failover shows: nodes that change their role, and slots that are not served for a while."""
    before = {one["metric"]["instance"] for one in stack.prometheus.query('redis_instance_info{role="master"}')}
    victim = next(server for server in stack.redis if server.address in before)
    victim.kill()
    promoted = stack.prometheus.wait_for('ALERTS{alertname="RedisFailoverHappened", alertstate="firing"}')
    assert promoted[0]["metric"]["instance"] not in before
    (down,) = stack.prometheus.wait_for('ALERTS{alertname="RedisDown"}')
    assert down["metric"]["instance"] == victim.address
    text = next(a for a in stack.prometheus.alerts() if a["labels"]["alertname"] == "RedisDown")["annotations"]
    assert text["summary"] == f"Redis {victim.address} does not answer"
    assert text["runbook_url"] == f"{rendered.RUNBOOKS}RedisDown.md"
