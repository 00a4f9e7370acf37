"""Bad input and unfit hosts: each complaint begins with the variable at fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import preflight
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager_settings import DEFAULTS
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.preflight import Given, HostState

ROLE = Path(__file__).resolve().parents[3] / "roles" / "monitoring"
ROLE_DEFAULTS = {
    name.removeprefix("monitoring_"): value
    for name, value in yaml.safe_load((ROLE / "defaults" / "main.yml").read_text()).items()
}
GOOD: dict[str, Any] = {
    **ROLE_DEFAULTS,
    "address": "10.0.0.1", "listen_address": "10.0.0.1", "config_directory": "/etc/m", "data_directory": "/var/lib/m",
    "grafana_config_directory": "/etc/m-grafana", "grafana_home": "/opt/m", "secrets_directory": "/etc/m/secrets",
    "slos": [], "anomaly_signals": [],
    "components": ["prometheus", "alertmanager", "node_exporter", "redis_exporter", "grafana", "gpu"],
}  # fmt: skip
THRESHOLDS = {
    "cpu_warning": {"value": 0.8, "unit": "ratio"},
    "cpu_critical": {"value": 0.9, "unit": "ratio"},
}
FIT = HostState()


def complaints(
    host: HostState = FIT, passwords: dict[str, str] | None = None, secrets: tuple[str, ...] = (), **changes: Any
) -> list[str]:
    given = Given({**GOOD, **changes}, {"password": "tiger", **(passwords or {})}, secrets, THRESHOLDS)
    return preflight.complaints(given, host)


def test_good_input_on_a_fit_host() -> None:
    assert complaints() == []


def test_the_role_says_what_delivery_takes_as_default() -> None:
    assert {name: ROLE_DEFAULTS[name] for name in DEFAULTS if name != "secrets_directory"} == {
        name: value for name, value in DEFAULTS.items() if name != "secrets_directory"
    }


SLACK = [{"name": "slack", "type": "slack", "api_url_file": "slack_url"}]
BAD: list[tuple[dict[str, Any], str]] = [
    ({"thresholds": {"cpu_warnign": 0.5}}, "thresholds"),
    ({"thresholds": {"cpu_warning": "high"}}, "thresholds.cpu_warning: 'high'"),
    ({"routes": [{"matchers": ['severity="critical"'], "receivers": ["nobody"]}]}, "routes[0].receivers: 'nobody'"),
    ({"receivers": SLACK}, "receivers[0].api_url_file: secrets has no 'slack_url'"),
    ({"scrape_interval": "often"}, "scrape_interval: 'often'"),
    ({"retention_time": "0d"}, "retention_time: '0d'"),
    ({"retention_size": "much"}, "retention_size: 'much' is no size"),
    ({"retention_time": "1d", "slos": [{"name": "x", "objective": 0.9, "window": "30d", "error_query": "sum(rate(a[$window]))",
                                        "total_query": "sum(rate(b[$window]))"}]}, "retention_time: 1d is too short; right would be 3"),
    ({"slos": [{"name": "x"}]}, "slos"),
    ({"anomaly_signals": [{"name": "x"}]}, "anomaly_signals"),
    ({"components": ["prometeus"]}, "components: 'prometeus' is no component"),
    ({"components": ["prometheus"]}, "components: prometheus is there without redis_exporter"),
    ({"prometheus_port": 70000}, "prometheus_port: 70000 is no port"),
    ({"prometheus_port": "http"}, "prometheus_port: 'http' is no port"),
    ({"prometheus_port": 9093}, "prometheus_port: 9093 is given twice, also by alertmanager_port"),
    ({"external_labels": {"data-center": "a"}}, "external_labels: 'data-center' is no label"),
    ({"prometheus_flags": ["--log.level debug"]}, "prometheus_flags: '--log.level debug' is no flag"),
    ({"node_exporter_flags": ["--x=$HOME"]}, "node_exporter_flags: '--x=$HOME' is no flag"),
    ({"rules": {"../up": []}}, "rules: '../up' is no name of a file"),
    ({"rules": {"shop": {"groups": []}}}, "rules.shop: it is no list of groups"),
    ({"scrape_configs": [{"job_name": "node"}]}, "scrape_configs[0].job_name: 'node' is a job of the role"),
    ({"remote_write": [{"url": "http://x", "basic_auth": {"username": "a", "password": "b"}}]},
     "remote_write[0].basic_auth.password: a secret would be in the configuration"),
    ({"name": "My Monitoring"}, "name: 'My Monitoring' is no name of a service"),
    ({"config_directory": "/etc"}, "config_directory: '/etc' is no directory of its own"),
    ({"address": "10.0.0.1 x"}, "address: '10.0.0.1 x' is no address"),
    ({"passwords": {"password": ""}}, "password: it is empty"),
    ({"passwords": {"password": 73 * "x"}}, "password: it has more than 72 bytes"),
    ({"passwords": {"anna": "a\nb"}}, "more_users.anna: it has a line break"),
    ({"passwords": {"omnimind": "x"}}, "more_users: 'omnimind' is the role's own user"),
    ({"user": "a:b"}, "user: 'a:b' is no name of a user"),
    ({"grafana_install": "magic"}, "grafana_install: 'magic' is no way"),
    ({"grafana_install": "apt"}, "grafana_repository: it is empty"),
    ({"name": 25 * "m"}, "name: 'mmmmmmmmmmmmmmmmmmmmmmmmm' is too long for the user"),
    ({"passwords": {"grafana_admin_password": ""}}, "grafana_admin_password: it is empty"),
    ({"grafana_ini": {"alerting": {"enabled": True}}}, "grafana_ini.alerting: "),
    ({"verify_timeout": 0}, "verify_timeout: 0 is not possible"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "beginning"), BAD, ids=[beginning for _changes, beginning in BAD])
def test_refused(changes: dict[str, Any], beginning: str) -> None:
    assert complaints(**changes)[0].startswith(beginning)


def test_all_complaints_come_at_once() -> None:
    assert len(complaints(scrape_interval="often", retention_size="much", name="My")) == 3


def test_ports_of_others() -> None:
    taken = HostState(listening=frozenset({9090, 9100}), own_ports=frozenset({9100}))
    assert complaints(taken) == ["prometheus_port: 9090 is taken by another program on this host; right would be a free one"]


def test_a_host_where_nothing_is_root() -> None:
    assert complaints(HostState(is_root=False)) == ["ansible_become: tasks of this role need root, and run without it"]


def test_files_that_must_be_there() -> None:
    elsewhere = [{"name": "slack", "type": "slack", "api_url_file": "/srv/slack_url"}]
    given = Given({**GOOD, "receivers": elsewhere, "certificates": ["/srv/x.crt"]}, {"password": "tiger"}, (), THRESHOLDS)
    assert preflight.files_needed(given) == [("certificates", "/srv/x.crt"), ("receivers[0].api_url_file", "/srv/slack_url")]
    missing = HostState(missing_files=frozenset({"/srv/slack_url", "/srv/x.crt"}))
    found = preflight.complaints(given, missing)
    assert [text.partition(" is not on this host")[0] for text in found] == [
        "receivers[0].api_url_file: /srv/slack_url", "certificates: /srv/x.crt",
    ]  # fmt: skip
    assert preflight.complaints(given, FIT) == []


def test_a_package_is_needed_where_it_would_be_installed_only() -> None:
    package = {"grafana_install": "archive", "grafana_package": "/srv/grafana.tar.gz", "package_files": {"prometheus": "/srv/p.deb"}}
    nothing = frozenset({"/srv/grafana.tar.gz", "/srv/p.deb"})
    everything = complaints(HostState(missing_files=nothing), **package)
    assert [text.partition(":")[0] for text in everything] == ["grafana_package", "package_files"]
    assert len(complaints(HostState(missing_files=nothing, grafana=True), **package)) == 1
    assert complaints(HostState(missing_files=nothing), components=["node_exporter"], **package) == []


def test_a_secret_that_the_role_writes_need_not_be_there() -> None:
    assert complaints(receivers=SLACK, secrets=("slack_url",)) == []


def test_the_port_of_a_grafana_that_is_not_there_may_be_taken() -> None:
    assert complaints(HostState(listening=frozenset({3000}))) == []
    assert len(complaints(HostState(listening=frozenset({3000}), grafana=True))) == 1
    assert len(complaints(HostState(listening=frozenset({3000})), grafana_install="deb", grafana_package="https://x/y.deb")) == 1
