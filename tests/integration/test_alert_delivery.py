"""From a dead target to Slack and PagerDuty: the role's rules and messages, a real Prometheus and Alertmanager, and servers
that take what the real ones take. One stack for all but the cluster; many things die in it at once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.alert_sinks import ROUTING_KEY, SECRETS, Request, Sinks, sinks_open
from integration.alertmanager_files import installed_version, lay
from integration.monitoring_stack import Alertmanager, NodeExporter, Prometheus, configure, need, target
from integration.servers import free_ports
from loopback import wait_until
from unit.monitoring import rendered

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import silencing
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager_api import (
    Alertmanager as Server,
)

# The role's own alerts, in a hurry: what they ask and what they say is the role's.
TAKEN = ("HostDown", "Watchdog", "NotificationsFailing")
# Two alerts of one name, on whatever does not answer.
BESIDE = [
    {
        "alert": "ServiceDown", "expr": "up == 0", "for": "2s", "labels": {"severity": severity},
        "annotations": {"summary": "{{ $labels.instance }} does not answer"},
    }
    for severity in ("critical", "warning")
]  # fmt: skip
DELIVERED_WITHIN, RESOLVED_WITHIN = 30, 15  # seconds


def write_rules(file: Path) -> Path:
    taken = [dict(rule) for rule in rendered.alerts("host", "monitoring") if rule["alert"] in TAKEN]
    assert {rule["alert"] for rule in taken} == set(TAKEN)
    for rule in taken:
        rule["expr"] = re.sub(r"\[\d+m\]", "[10s]", rule["expr"])
        if "for" in rule:
            rule["for"] = "2s"
    file.write_text(yaml.safe_dump({"groups": [{"name": "delivery", "rules": [*taken, *BESIDE]}]}, sort_keys=False))
    return file


@dataclass
class Delivery:
    """The stack, and the moments at which hosts died, by time.monotonic()."""

    sinks: Sinks
    sinks_opened: ExitStack
    hosts: dict[str, NodeExporter]
    alertmanagers: list[Alertmanager]
    prometheus: Prometheus
    died: dict[str, float] = field(default_factory=dict)

    def kill(self, *names: str) -> None:
        for name in names:
            self.hosts[name].stop()
            self.died[name] = time.monotonic()

    def told(self, name: str) -> tuple[Request, Request]:
        """What Slack and PagerDuty have of a dead host, as soon as both have it."""
        wait_until(
            lambda: self.of_slack(name) and self.of_pagerduty(name), DELIVERED_WITHIN, f"both are told of {name}"
        )
        return self.of_slack(name)[0], self.of_pagerduty(name)[0]

    def of_slack(self, name: str, state: str = "CRITICAL") -> list[Request]:
        return self.sinks.slack.about(f"[{state}] HostDown on {name}")

    def of_pagerduty(self, name: str, action: str = "trigger") -> list[Request]:
        return self.sinks.pagerduty.events(action, f"HostDown on {name}")


@pytest.fixture(scope="module")
def packages() -> None:
    need("prometheus", "prometheus-alertmanager", "prometheus-node-exporter")


def write_secrets(directory: Path, sinks: Sinks) -> None:
    directory.mkdir(parents=True)
    for name, content in {
        "slack_url": sinks.slack.url, "pagerduty_key": ROUTING_KEY, "heartbeat_url": sinks.heartbeat.url,
    }.items():  # fmt: skip
        (directory / name).write_text(f"{content}\n")


def variables(directory: Path, sinks: Sinks) -> dict[str, Any]:
    """Those of the common case, in a hurry."""
    return {
        "receivers": [
            {"name": "slack", "type": "slack", "api_url_file": "slack_url", "channel": "#omnimind"},
            {"name": "pagerduty", "type": "pagerduty", "routing_key_file": "pagerduty_key", "url": sinks.pagerduty.url},
        ],
        "secrets_directory": str(directory),
        "alertmanager_group_wait": "1s",
        "alertmanager_group_interval": "2s",
        "alertmanager_repeat_interval": "1h",
    }


def start(opened: ExitStack, directory: Path, names: list[str], members: int, **more: Any) -> Delivery:
    """Exporters that stand for hosts, so many Alertmanagers, and a Prometheus that tells them all."""
    sinks_opened = opened.enter_context(ExitStack())
    sinks = sinks_opened.enter_context(sinks_open())
    write_secrets(directory / "secrets", sinks)
    lay(directory / "alertmanager", {**variables(directory / "secrets", sinks), **more}, installed_version())
    quiet = ("--collector.disable-defaults", "--collector.time")
    hosts = {name: opened.enter_context(NodeExporter(directory / name, *quiet)) for name in names}
    gossip = [f"127.0.0.1:{port}" for port in free_ports(members)]
    alertmanagers = [
        opened.enter_context(
            Alertmanager(
                directory / f"alertmanager-{number}",
                directory / "alertmanager" / "alertmanager.yml",
                *_member(gossip, number),
            )
        )
        for number in range(members)
    ]
    addresses = [one.address for one in alertmanagers]
    configuration = configure(
        directory / "prometheus-configuration",
        {
            "node": [target(host.address, name) for name, host in hosts.items() if name.startswith("web")],
            "service": [target(host.address, name) for name, host in hosts.items() if not name.startswith("web")],
            "alertmanager": [target(address, "watcher") for address in addresses],
        },
        rules=[write_rules(directory / "rules.yml")],
        alertmanagers=addresses,
    )
    # What it does not repeat is over: that is how a dead Prometheus is noticed.
    prometheus = opened.enter_context(
        Prometheus(directory / "prometheus", configuration, "--rules.alert.resend-delay=1s")
    )
    prometheus.wait_for("up == 1", count=len(hosts) + members)
    return Delivery(sinks, sinks_opened, hosts, alertmanagers, prometheus)


def _member(gossip: list[str], number: int) -> list[str]:
    if len(gossip) == 1:
        return ["--log.level=debug"]
    others = [address for address in gossip if address != gossip[number]]
    return [
        "--log.level=debug", f"--cluster.listen-address={gossip[number]}", *(f"--cluster.peer={address}" for address in others),
        "--cluster.peer-timeout=3s", "--cluster.gossip-interval=100ms",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def delivery(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    """One stack, in which some hosts are dead already: one that is told, a second one, one that is silenced, and one that is
    no host, but a service."""
    names = ["web-1", "web-2", "web-3", "web-4", "web-5", "web-6", "shop"]
    directory = tmp_path_factory.mktemp("delivery")
    with ExitStack() as opened:
        stack = start(opened, directory, names, 1, heartbeat={"url_file": "heartbeat_url", "interval": "1s"})
        silence = {
            "matchers": ['host="web-3"'],
            "duration": "1h",
            "least": None,
            "comment": "New kernel",
            "author": "test",
        }
        silencing.silence(Server(stack.alertmanagers[0].url), silencing.wish_of(silence))
        stack.kill("web-1", "web-2", "web-3", "shop")
        yield stack


def test_both_are_told_of_a_dead_host_in_time(delivery: Delivery, record_property: Any) -> None:
    slack, pagerduty = delivery.told("web-1")
    delays = [request.moment - delivery.died["web-1"] for request in (slack, pagerduty)]
    assert max(delays) < DELIVERED_WITHIN
    record_property(
        "measured", f"a dead host is told to Slack after {delays[0]:.1f} s, to PagerDuty after {delays[1]:.1f} s"
    )
    (attachment,) = slack.body["attachments"]
    assert (slack.body["channel"], attachment["color"]) == ("#omnimind", "danger")
    assert "web-1 does not answer" in attachment["text"] and "HostDown.md|Runbook>" in attachment["text"]
    payload = pagerduty.body["payload"]
    assert (payload["severity"], payload["source"], payload["class"]) == ("critical", "web-1", "HostDown")
    assert any(link["href"].endswith("HostDown.md") for link in pagerduty.body["links"])


def test_a_second_host_is_not_hidden(delivery: Delivery) -> None:
    first, second = (delivery.told(name)[1] for name in ("web-1", "web-2"))
    assert first.body["dedup_key"] != second.body["dedup_key"]
    assert all(len(delivery.of_slack(name)) == len(delivery.of_pagerduty(name)) == 1 for name in ("web-1", "web-2"))


def states(delivery: Delivery, name: str) -> dict[str, dict[str, Any]]:
    """What Alertmanager does with the alerts about a host, by their names and severities."""
    alerts = [one for one in delivery.alertmanagers[0].alerts() if one["labels"].get("host") == name]
    return {f"{one['labels']['alertname']} {one['labels']['severity']}": one["status"] for one in alerts}


def test_a_silenced_host_is_not_told(delivery: Delivery) -> None:
    """It died together with others, which were told."""
    delivery.told("web-1")
    (found,) = {state["state"]: state for state in states(delivery, "web-3").values() if state["silencedBy"]}.values()
    assert found["state"] == "suppressed"
    assert not delivery.sinks.slack.about("web-3") and not delivery.sinks.pagerduty.about("web-3")


def test_a_host_that_is_down_hides_what_is_on_it(delivery: Delivery) -> None:
    """The same alert is told of what is no dead host."""
    wait_until(
        lambda: delivery.sinks.pagerduty.events("trigger", "ServiceDown on shop"), DELIVERED_WITHIN, "the shop is told"
    )
    delivery.told("web-1")
    assert states(delivery, "web-1")["ServiceDown critical"]["inhibitedBy"]
    assert not delivery.sinks.slack.about("ServiceDown on web") and not delivery.sinks.pagerduty.about(
        "ServiceDown on web"
    )


def test_critical_hides_the_warning_of_the_same_name(delivery: Delivery) -> None:
    wait_until(
        lambda: delivery.sinks.slack.about("[CRITICAL] ServiceDown on shop"), DELIVERED_WITHIN, "the shop is told"
    )
    assert states(delivery, "shop")["ServiceDown warning"]["state"] == "suppressed"
    assert states(delivery, "shop")["ServiceDown critical"]["state"] == "active"
    assert not delivery.sinks.slack.about("[WARNING] ServiceDown")


def test_both_are_told_that_it_is_over(delivery: Delivery, record_property: Any) -> None:
    _slack, trigger = delivery.told("web-1")
    delivery.told("web-2")
    delivery.hosts["web-1"].start()
    begun = time.monotonic()

    def over() -> bool:
        return bool(delivery.of_slack("web-1", "RESOLVED") and delivery.of_pagerduty("web-1", "resolve"))

    wait_until(over, RESOLVED_WITHIN, "both are told that web-1 is back")
    slack, pagerduty = delivery.of_slack("web-1", "RESOLVED")[0], delivery.of_pagerduty("web-1", "resolve")[0]
    delays = [request.moment - begun for request in (slack, pagerduty)]
    record_property(
        "measured", f"its end is told to Slack after {delays[0]:.1f} s, to PagerDuty after {delays[1]:.1f} s"
    )
    assert pagerduty.body["dedup_key"] == trigger.body["dedup_key"]
    assert slack.body["attachments"][0]["color"] == "good"
    assert not delivery.of_pagerduty("web-2", "resolve")


def test_what_a_server_could_not_take_is_sent_again(delivery: Delivery) -> None:
    for sink in (delivery.sinks.slack, delivery.sinks.pagerduty):
        sink.answer_next(2, 503)
    before = [len(sink.taken) - sink.attempts for sink in (delivery.sinks.slack, delivery.sinks.pagerduty)]
    delivery.kill("web-4")
    delivery.told("web-4")
    after = [len(sink.taken) - sink.attempts for sink in (delivery.sinks.slack, delivery.sinks.pagerduty)]
    assert [old - new for old, new in zip(before, after)] == [2, 2]
    assert len(delivery.of_slack("web-4")) == len(delivery.of_pagerduty("web-4")) == 1


def test_a_revoked_webhook_is_told_through_pagerduty(delivery: Delivery, record_property: Any) -> None:
    """And what Slack has missed is told when it works again."""
    delivery.sinks.slack.status = 404
    delivery.kill("web-5")
    said = ("trigger", "NotificationsFailing", "Alerts do not reach slack")
    wait_until(lambda: delivery.sinks.pagerduty.events(*said), 2 * DELIVERED_WITHIN, "PagerDuty is told of Slack")
    delay = delivery.sinks.pagerduty.events(*said)[0].moment - delivery.died["web-5"]
    record_property(
        "measured", f"that Slack answers 404 is told to PagerDuty {delay:.1f} s after the alert that it did not take"
    )
    assert delivery.of_pagerduty("web-5") and not delivery.of_slack("web-5")
    delivery.sinks.slack.status = 0
    delivery.told("web-5")
    assert not delivery.sinks.slack.about("Alerts do not reach slack")


def test_a_failing_pager_is_told_through_slack(delivery: Delivery) -> None:
    delivery.sinks.pagerduty.status = 400
    delivery.kill("web-6")
    said = ("NotificationsFailing", "Alerts do not reach pagerduty")
    wait_until(lambda: delivery.sinks.slack.about(*said), 2 * DELIVERED_WITHIN, "Slack is told of PagerDuty")
    delivery.sinks.pagerduty.status = 0
    delivery.told("web-6")
    assert not delivery.sinks.pagerduty.about("Alerts do not reach pagerduty")


def test_the_heartbeat_stops_when_prometheus_dies(delivery: Delivery, record_property: Any) -> None:
    heartbeat = delivery.sinks.heartbeat
    count = len(heartbeat.taken)
    wait_until(lambda: len(heartbeat.taken) >= count + 4, 10, "the heart beats")
    moments = [request.moment for request in heartbeat.taken]
    assert max(later - earlier for earlier, later in zip(moments, moments[1:])) < 10
    delivery.prometheus.stop()
    died = time.monotonic()
    # Six of its intervals without one, and the alert is gone: nobody is told, least of all that all is well.
    wait_until(lambda: time.monotonic() - heartbeat.taken[-1].moment > 6, 30, "the heart does not beat")
    record_property(
        "measured", f"the last heartbeat comes {max(0, heartbeat.taken[-1].moment - died):.1f} s after Prometheus died"
    )
    assert not delivery.sinks.slack.about("Watchdog") and not delivery.sinks.pagerduty.about("Watchdog")


def test_no_secret_is_in_a_configuration_or_a_log(delivery: Delivery) -> None:
    """Not even where nobody listens at the secret address, which programs like to tell."""
    delivery.sinks_opened.close()
    alertmanager = delivery.alertmanagers[0]
    alert = [{"labels": {"alertname": "HostDown", "severity": "critical", "host": "web-7", "instance": "a:1"}}]
    alertmanager.client.post("/api/v2/alerts", json=alert).raise_for_status()
    wait_until(
        lambda: alertmanager.log.read_text().count("connection refused") >= 2, 20, "it is told that nobody listens"
    )
    directory = alertmanager.directory.parent
    shown = {
        str(path): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.parent.name != "secrets"
    }
    shown |= {
        path: alertmanager.client.get(path).content for path in ("/api/v2/status", "/metrics", "/api/v2/alerts/groups")
    }
    assert any(name.endswith("alertmanager.yml") for name in shown)
    planted = [*SECRETS, *(secret.rpartition("/")[2] for secret in SECRETS)]
    assert [name for name, content in shown.items() for secret in planted if secret.encode() in content] == []


def test_nothing_was_sent_that_the_real_ones_refuse(delivery: Delivery) -> None:
    assert delivery.sinks.slack.taken and delivery.sinks.pagerduty.taken
    assert delivery.sinks.refused == []


# --- a cluster ------------------------------------------------------------------------------------------------


def flushes(alertmanager: Alertmanager) -> float:
    """How often a member has looked up whether a group was told already."""
    text = alertmanager.client.get("/metrics").text
    return sum(
        float(line.split()[-1]) for line in text.splitlines() if line.startswith("alertmanager_nflog_queries_total ")
    )


def sent(alertmanager: Alertmanager) -> float:
    text = alertmanager.client.get("/metrics").text
    return sum(
        float(line.split()[-1]) for line in text.splitlines() if line.startswith("alertmanager_notifications_total{")
    )


def test_a_cluster_delivers_once_and_also_when_a_member_dies(
    packages: None, tmp_path: Path, record_property: Any
) -> None:
    with ExitStack() as opened:
        stack = start(opened, tmp_path / "cluster", ["web-1", "web-2"], 2)

        def joined(one: Alertmanager) -> bool:
            cluster = one.get("/api/v2/status")["cluster"]
            return cluster["status"] == "ready" and len(cluster["peers"]) == 2

        wait_until(lambda: all(joined(one) for one in stack.alertmanagers), 30, "both are one cluster")
        stack.kill("web-1")
        stack.told("web-1")
        # Two lookups of each flush, and every member has flushed twice: the second copy would be there.
        wait_until(lambda: all(flushes(one) >= 4 for one in stack.alertmanagers), 30, "both have had their turn")
        assert len(stack.of_slack("web-1")) == len(stack.of_pagerduty("web-1")) == 1
        sender, *_others = sorted(stack.alertmanagers, key=sent, reverse=True)
        assert [sent(one) for one in stack.alertmanagers].count(0) == 1
        sender.stop()
        stack.kill("web-2")
        slack, pagerduty = stack.told("web-2")
        delay = max(slack.moment, pagerduty.moment) - stack.died["web-2"]
        record_property("measured", f"with one of two Alertmanagers dead both channels are told after {delay:.1f} s")
        assert len(stack.of_slack("web-2")) == len(stack.of_pagerduty("web-2")) == 1
        stack.hosts["web-1"].start()
        wait_until(
            lambda: stack.of_pagerduty("web-1", "resolve"), RESOLVED_WITHIN, "its end is told by the other member"
        )
        assert (
            stack.of_pagerduty("web-1", "resolve")[0].body["dedup_key"]
            == stack.of_pagerduty("web-1")[0].body["dedup_key"]
        )
        assert stack.sinks.refused == []
