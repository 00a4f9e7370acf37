"""The role monitoring on this machine, as its playbook runs it, from the first roll-out to teardown.

The tests of this file follow one another on one site, as the days of a site do.
"""

from __future__ import annotations

import grp
import json
import os
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from app.serving import served
from hosts.supervisor import supervisor
from integration.ansible_run import ROOT
from integration.backends import Played
from integration.monitoring_site import (
    CONFIGURATION,
    DATA,
    GRAFANA,
    MORE,
    NAME,
    PASSWORD,
    SECOND,
    USER,
    MonitoringSite,
)
from integration.servers import PASSWORD as REDIS_PASSWORD
from integration.servers import Servers
from loopback import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the role's preflight wants root: run the tests as root")

SLACK = "https://hooks.invalid/services/T000/B000/planted"
PACKAGES = ["prometheus", "prometheus-alertmanager", "prometheus-node-exporter", "prometheus-redis-exporter", "python3-bcrypt"]
# What a later day of the site has more than the first.
MORE_OF_IT: dict[str, Any] = {
    "monitoring_rules": {
        "shop": [{"name": "shop", "rules": [{"alert": "ShopClosed", "expr": 'up{job="shop"} == 0',
                  "annotations": {"summary": {"__ansible_unsafe": "{{ $labels.instance }} is closed"}}}]}]
    },
    "monitoring_thresholds": {"cpu_warning": 0.123},
    "monitoring_more_users": {"anna": MORE},
    "monitoring_receivers": [{"name": "slack", "type": "slack", "api_url_file": "slack_url"}],
    "monitoring_secrets": {"slack_url": SLACK},
    "monitoring_node_exporter_flags": ["--no-collector.infiniband"],
    "monitoring_dashboards": ["system", "redis"],
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoringSite]:
    """A site whose Redis and backend run, and which nobody watches yet, nor afterwards."""
    # What the machine has already the role does not take away.
    subprocess.run([ROOT / ".ci" / "need", *PACKAGES], check=True)
    directory = tmp_path_factory.mktemp("site")
    # Both hosts of the inventory are this machine, and would start supervisor at the same time.
    with supervisor(), Servers(directory / "redis", ["127.0.0.1"] * 2) as redis, served(directory / "backend.log") as backend:
        site = MonitoringSite(directory, [server.port for server in redis], REDIS_PASSWORD, backend.port)
        yield site
        if CONFIGURATION.exists() or Path("/etc", SECOND).exists():
            site.tear_down()


@pytest.fixture(scope="module")
def rolled_out(site: MonitoringSite) -> Played:
    return site.run("monitoring.yml", "--diff", "-vvv")


@pytest.fixture(scope="module")
def began(rolled_out: Played) -> dict[str, str]:
    return started()


def dashboards() -> list[str]:
    """Those that Grafana would show."""
    return sorted(path.stem for path in (GRAFANA / "dashboards").iterdir())


def processes() -> dict[str, Path]:
    """Daemons of ours, below /proc, by what they are."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if any(str(CONFIGURATION) in word for word in words) and words[0].startswith("/usr/bin/prometheus"):
            found[words[0].removeprefix("/usr/bin/")] = path
    return found


def started() -> dict[str, str]:
    """When each daemon of ours was started, by what it is: the kernel's own figure."""
    return {name: (path / "stat").read_text().rpartition(")")[2].split()[19] for name, path in processes().items()}


def test_first_roll_out(site: MonitoringSite, rolled_out: Played) -> None:
    assert not rolled_out.failed, rolled_out.output
    for name in ("Prometheus", "Alertmanager"):
        assert name in rolled_out.output
    assert f"https://{site.address('prometheus_port')}" in rolled_out.output
    assert "Grafana was left out: monitoring_grafana_install is auto, and none is on this host." in rolled_out.words


def test_every_target_is_up(site: MonitoringSite, rolled_out: Played) -> None:
    targets = site.prometheus("targets", state="active")["activeTargets"]
    assert {target["health"] for target in targets} == {"up"}
    found = sorted((target["labels"]["job"], target["labels"]["instance"], target["labels"]["host"]) for target in targets)
    wanted = [
        ("prometheus", site.address("prometheus_port"), "here"),
        ("alertmanager", site.address("alertmanager_port"), "here"),
        ("alertmanager", site.address("alertmanager_port", second=True), "second"),
        ("node", site.address("node_exporter_port"), "here"),
        ("node", site.address("node_exporter_port", second=True), "second"),
        *(("redis", f"127.0.0.1:{port}", "second") for port in site.redis),
        ("omnimind_backend", f"127.0.0.1:{site.nodes['backend_ports'][0]}", "second"),
    ]
    assert found == sorted(wanted)
    assert len(site.value("redis_up == 1")) == len(site.redis)
    wait_until(lambda: len(site.value("omnimind_certificate_expiry_timestamp_seconds")) == 2, 30)
    members = site.get("alertmanager_port", "/api/v2/status").json()["cluster"]["peers"]
    assert len(members) == 2


def test_nobody_looks_without_a_login(site: MonitoringSite, rolled_out: Played) -> None:
    for port, path in (("prometheus_port", "/api/v1/targets"), ("alertmanager_port", "/api/v2/status"), ("node_exporter_port", "/metrics")):
        assert site.get(port, path, login=None).status_code == 401
        assert site.get(port, path, login=(USER, "tiger")).status_code == 401
        assert site.get(port, path).status_code == 200
    # The exporter of Redis knows no login, so it wants a certificate.
    with pytest.raises((httpx.TransportError, ssl.SSLError)):
        site.get("redis_exporter_port", "/metrics")


def test_secrets_are_in_their_files_only(rolled_out: Played) -> None:
    for secret in (PASSWORD, REDIS_PASSWORD):
        assert secret not in rolled_out.output
        assert json.dumps(secret)[1:-1] not in rolled_out.output
    files = [path for top in (CONFIGURATION, GRAFANA) for path in top.rglob("*") if path.is_file()]
    having = {secret: {path.name for path in files if secret in path.read_text()} for secret in (PASSWORD, REDIS_PASSWORD)}
    assert having == {PASSWORD: {"password", "prometheus_password", "admin_password"}, REDIS_PASSWORD: {"passwords.json"}}
    for path in processes().values():
        for name in ("environ", "cmdline"):
            assert PASSWORD.encode() not in (path / name).read_bytes()
    assert not [path for path in Path("/var/log/supervisor").glob(f"{NAME}*") if PASSWORD in path.read_text()]


def test_files_are_for_the_daemons_only(rolled_out: Played) -> None:
    group = grp.getgrnam("prometheus").gr_gid
    for path in [CONFIGURATION, *CONFIGURATION.rglob("*")]:
        status = path.stat()
        mode = 0o750 if path.is_dir() else 0o640
        assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, group, mode), path


def test_grafana_has_all_that_is_its_own(rolled_out: Played) -> None:
    assert (GRAFANA / "provisioning" / "datasources" / "omnimind.yml").is_file()
    assert dashboards() == ["application", "business", "multimodal", "redis", "system"]
    assert "\n[alerting]" not in (GRAFANA / "grafana.ini").read_text()


def test_more_of_it_without_a_restart(site: MonitoringSite, began: dict[str, str]) -> None:
    changed = site.run("monitoring.yml", "--limit", "here", "--diff", **MORE_OF_IT)
    assert not changed.failed, changed.output
    assert SLACK not in changed.output and MORE not in changed.output
    now = started()
    assert {name for name in now if now[name] != began[name]} == {"prometheus-node-exporter"}, "its flags are others"
    assert "ShopClosed" in site.alerts()
    (rule,) = [rule for group in site.prometheus("rules")["groups"] for rule in group["rules"] if rule["name"] == "ShopClosed"]
    assert rule["annotations"]["summary"] == "{{ $labels.instance }} is closed"
    assert "0.123" in (CONFIGURATION / "prometheus" / "rules" / "host.yml").read_text()
    assert "0.123" in (GRAFANA / "dashboards" / "system.json").read_text()
    assert dashboards() == ["redis", "system"], "the others are not asked for"
    assert site.get("prometheus_port", "/", login=("anna", MORE)).status_code in (200, 302)
    assert "slack" in site.get("alertmanager_port", "/api/v2/receivers").text
    assert SLACK == (CONFIGURATION / "secrets" / "slack_url").read_text()
    assert SLACK not in (CONFIGURATION / "alertmanager" / "alertmanager.yml").read_text()


def test_a_rule_that_is_none_replaces_nothing(site: MonitoringSite, began: dict[str, str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in CONFIGURATION.rglob("*")}
    broken = {"shop": [{"name": "shop", "rules": [{"alert": "ShopClosed", "expr": "sum(up"}]}]}
    refused = site.run("monitoring.yml", "--limit", "here", **{**MORE_OF_IT, "monitoring_rules": broken, "monitoring_thresholds": {}})
    assert refused.failed
    assert "monitoring_rules: promtool refuses it, and nothing was replaced" in refused.words
    assert {path: path.stat().st_mtime_ns for path in CONFIGURATION.rglob("*")} == before
    assert "ShopClosed" in site.alerts()


def test_what_is_no_longer_asked_for_is_gone(site: MonitoringSite, began: dict[str, str]) -> None:
    less = site.run("monitoring.yml", "--limit", "here")
    assert not less.failed, less.output
    assert "ShopClosed" not in site.alerts()
    assert not (CONFIGURATION / "prometheus" / "rules" / "user_shop.yml").exists()
    assert not (CONFIGURATION / "secrets").exists()
    assert "slack" not in site.get("alertmanager_port", "/api/v2/receivers").text
    assert site.get("prometheus_port", "/api/v1/targets", login=("anna", MORE)).status_code == 401


def test_second_run_changes_nothing(site: MonitoringSite, began: dict[str, str]) -> None:
    """Of one host, which watches the other all the same."""
    before = started()
    again = site.run("monitoring.yml", "--limit", "here")
    assert not again.failed and again.changed == 0, again.output
    assert started() == before
    assert {one["labels"]["host"] for one in site.prometheus("targets", state="active")["activeTargets"]} == {"here", "second"}


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "threshold": ({"monitoring_thresholds": {"cpu_warning": "high"}}, "monitoring_thresholds.cpu_warning: 'high'"),
    "receiver": (
        {"monitoring_routes": [{"matchers": ['severity="critical"'], "receivers": ["nobody"]}]},
        "monitoring_routes[0].receivers: 'nobody' is no receiver",
    ),
    "secret_file": (
        {"monitoring_receivers": [{"name": "slack", "type": "slack", "api_url_file": "/nowhere/slack"}]},
        "monitoring_receivers[0].api_url_file: /nowhere/slack is not on this host",
    ),
    "interval": ({"monitoring_scrape_interval": "often"}, "monitoring_scrape_interval: 'often'"),
    "port": ({"monitoring_prometheus_port": "TAKEN"}, "monitoring_prometheus_port: TAKEN is taken by another program"),
    "misspelt": ({"monitoring_reciever": []}, "monitoring_reciever is no variable of this role, did you mean monitoring_receivers?"),
    "no_password": ({"monitoring_password": ""}, "monitoring_password: it is empty"),
    "alerting": ({"monitoring_grafana_ini": {"alerting": {"enabled": True}}}, "monitoring_grafana_ini.alerting: "),
}


def test_refused_by_name(site: MonitoringSite, began: dict[str, str]) -> None:
    """One run, in which every host is wrong in one way."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        bad = {name: json.loads(json.dumps(variables).replace('"TAKEN"', port)) for name, (variables, _said) in BAD.items()}
        fresh = {"monitoring_name": "omnimind-refused", **{f"monitoring_{p}": n for p, n in site.ports.items()}}
        others = {**fresh, **{f"monitoring_{p}": n + 10_000 for p, n in site.ports.items()}}
        played = site.run_on({name: {**others, **variables} for name, variables in bad.items()}, "monitoring.yml")
    assert played.failed and played.changed == 0, played.output
    assert not Path("/etc/omnimind-refused").exists()
    said = played.words.replace(port, "TAKEN").replace("''", "'")
    for name, (_variables, complaint) in BAD.items():
        assert complaint in said.partition(f"[{name}]: FAILED!")[2].partition("fatal: [")[0], (name, said)


def test_teardown_leaves_nothing(site: MonitoringSite, began: dict[str, str]) -> None:
    gone = site.tear_down()
    assert not gone.failed, gone.output
    assert processes() == {}
    left = [path for path in (CONFIGURATION, GRAFANA, DATA, Path("/etc", SECOND), Path("/var/lib", SECOND)) if path.exists()]
    assert left == []
    assert not list(Path("/etc/supervisor/conf.d").glob("omnimind-test-*"))
