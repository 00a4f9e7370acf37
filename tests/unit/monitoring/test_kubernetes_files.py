"""What the monitoring of a namespace reads is that of hosts, with other targets."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from integration.kubernetes import monitoring_made
from unit.monitoring import rendered

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import kubernetes_files, kubernetes_preflight
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.files import prometheus_config

HOST_GROUPS = {"host_recordings", "host_alerts"}


def rules(**variables: Any) -> dict[str, list[dict[str, Any]]]:
    """Groups by file."""
    files = monitoring_made.plan(**variables)["prometheus"]
    return {name: yaml.safe_load(text)["groups"] for name, text in files.items() if name.startswith("rules-")}


def config(**variables: Any) -> dict[str, Any]:
    return yaml.safe_load(monitoring_made.plan(**variables)["prometheus"]["prometheus.yml"])


def jobs(**variables: Any) -> dict[str, dict[str, Any]]:
    return {job["job_name"]: job for job in config(**variables)["scrape_configs"]}


def test_rules_are_those_of_hosts() -> None:
    def told(groups: list[dict[str, Any]]) -> dict[str, list[tuple[str, Any]]]:
        return {
            group["name"]: [(rule.get("alert") or rule["record"], rule["expr"]) for rule in group["rules"]]
            for group in groups
        }

    here = told([group for groups in rules().values() for group in groups])
    hosts = told([group for content in rendered.files().values() for group in content["groups"]])
    assert here.pop("kubernetes_alerts") == [("BackendDown", 'absent(up{job="omnimind_backend"})')]
    wanted = {name: found for name, found in hosts.items() if name not in HOST_GROUPS and "anomal" not in name}
    assert {name: here[name] for name in wanted} == wanted
    assert not HOST_GROUPS & set(here)


def test_none_is_left_out_where_nodes_are_watched() -> None:
    assert HOST_GROUPS < {group["name"] for group in rules(left_out_groups=[])["rules-host.yml"]}
    with pytest.raises(
        Exception, match="k8s_monitoring_left_out_groups: there is no group 'hosts'; right would be any of"
    ):
        monitoring_made.plan(left_out_groups=["hosts"])


def test_numbers_are_those_of_the_user() -> None:
    found = rules(thresholds={"error_rate_warning": 0.007})["rules-backend.yml"]
    assert "job:http_errors:ratio_rate5m > 0.007" in [rule["expr"] for group in found for rule in group["rules"]]


def test_links_lead_to_dashboards_that_are_there() -> None:
    links = {
        rule["annotations"]["dashboard_url"].rpartition("/")[2]
        for groups in rules(dashboards=["redis"]).values()
        for group in groups
        for rule in group["rules"]
        if "alert" in rule and rule["annotations"].get("dashboard_url")
    }
    assert links == {"omnimind-redis"}


def test_jobs_have_the_names_of_hosts() -> None:
    names = {"scrape_interval": "15s", "evaluation_interval": "15s", "external_labels": {}, "remote_write": []}
    hosts = prometheus_config({**names, "user": "a", "redis_exporter_port": 1, "scrape_configs": []}, tls=False)
    assert {job["job_name"] for job in hosts["scrape_configs"]} == {*jobs(), "node"}
    assert config()["global"] == hosts["global"]


def test_targets_of_sets_are_known_before_they_are_there() -> None:
    sets = [
        {"name": "omnimind-redis", "pods": 1, "port": 6379},
        {"name": "omnimind-sentinel", "pods": 1, "port": 26379},
    ]
    redis = jobs(redis_sets=sets)["redis"]
    assert redis["static_configs"] == [
        {
            "targets": ["omnimind-redis-0.omnimind-redis.omnimind.svc:6379"],
            "labels": {"host": "omnimind-redis-0", "instance": "omnimind-redis-0:6379"},
        },
        {
            "targets": ["omnimind-sentinel-0.omnimind-sentinel.omnimind.svc:26379"],
            "labels": {"host": "omnimind-sentinel-0", "instance": "omnimind-sentinel-0:26379"},
        },
    ]
    assert redis["relabel_configs"][-1]["replacement"] == "omnimind-exporter.omnimind.svc:9121"


def test_what_is_switched_off_is_not_asked() -> None:
    less = monitoring_made.plan(alertmanager=False, exporter=False, grafana=False, other_alertmanagers=["away:9093"])
    found = yaml.safe_load(less["prometheus"]["prometheus.yml"])
    assert {job["job_name"] for job in found["scrape_configs"]} == {"prometheus", "omnimind_backend"}
    assert found["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": ["away:9093"]}]}]
    assert (less["alertmanager"], less["grafana"], less["dashboards"]) == ({}, {}, {})


def test_two_alertmanagers_are_told() -> None:
    service = "omnimind-alertmanager.omnimind.svc:9093"
    (told,) = config(alertmanager_replicas=2)["alerting"]["alertmanagers"][0]["static_configs"]
    assert told["targets"] == [f"omnimind-alertmanager-{number}.{service}" for number in (0, 1)]


def test_grafana_wants_a_login_and_needs_none_itself() -> None:
    files = monitoring_made.plan(grafana_ini={"security": {"disable_gravatar": False}})["grafana"]
    settings = files["grafana.ini"]
    assert "[auth.anonymous]\nenabled = false" in settings and "cookie_secure = true" in settings
    assert "admin_password = $__file{/etc/grafana/secrets/admin_password}" in settings
    assert "disable_gravatar = false" in settings
    (source,) = yaml.safe_load(files["datasources.yml"])["datasources"]
    assert source["url"] == "http://omnimind-prometheus.omnimind.svc:9090"
    assert "basicAuth" not in source and source["secureJsonData"] == {}
    (provider,) = yaml.safe_load(files["dashboards.yml"])["providers"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards" and provider["allowUiUpdates"] is False


def test_each_configuration_fits_into_one_object() -> None:
    plan = monitoring_made.plan(dashboards=["system", "application", "business", "multimodal", "redis"])
    for part in ("prometheus", "alertmanager", "dashboards"):
        assert 0 < sum(len(text.encode()) for text in plan[part].values()) <= kubernetes_files.LARGEST
    groups = [{"name": "own", "rules": [{"record": "a:b", "expr": "up" + " " * kubernetes_files.LARGEST}]}]
    with pytest.raises(Exception, match="k8s_monitoring_rules: [0-9]+ bytes are too many for one object"):
        monitoring_made.plan(rules={"own": groups})


def complaints(
    volume: int = 20 * 2**30, password: bool = True, secrets: tuple[str, ...] = (), **more: Any
) -> list[str]:
    variables = {**monitoring_made.defaults(), **more}
    given = kubernetes_preflight.Given(variables, secrets, password, monitoring_made.known_thresholds(), volume)
    return kubernetes_preflight.complaints(given)


SLACK = {"name": "slack", "type": "slack", "api_url_file": "slack_url"}
WRONG = [
    ({"namespace": "Omni"}, "namespace: 'Omni' is no name"),
    ({"name": "a" * 41}, "name: 'aaaa"),
    ({"part_of": "a b"}, "part_of: 'a b' is no value of a label"),
    ({"resources": {"promtheus": {}}}, "resources: 'promtheus' is no component"),
    ({"alertmanager_replicas": 0}, "alertmanager_replicas: 0 is not possible"),
    ({"alertmanager": False}, "other_alertmanagers: there is no Alertmanager"),
    ({"redis_sets": []}, "redis_sets: it is empty"),
    ({"redis_sets": [{"name": "a", "pods": 1, "port": 70000}]}, "redis_sets[0].port: 70000 is no port"),
    ({"redis_sets": [{"name": "a", "pods": 0, "port": 6379}]}, "redis_sets[0].pods: 0 is not possible"),
    ({"retention_size": "19GB"}, "retention_size: 19GB fill the volume of Prometheus; right would be 18432MB at most"),
    ({"retention_time": "3d"}, "retention_time: 3d is too short"),
    ({"password": False}, "grafana_admin_password: it is empty"),
    ({"receivers": [SLACK]}, "receivers[0].api_url_file: secrets has no 'slack_url'"),
    ({"secrets": ("slack url",)}, "secrets: 'slack url' is no name of a file"),
    ({"secrets": ("a",), "alertmanager_secret": "own"}, "secrets: alertmanager_secret names a Secret that has them"),
    ({"scrape_configs": [{"job_name": "redis"}]}, "scrape_configs[0].job_name: 'redis' is a job of the role"),
    ({"grafana_ini": {"alerting": {}}}, "grafana_ini.alerting: "),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_end_well_is_refused(given: dict[str, Any], said: str) -> None:
    found = complaints(**given)
    assert any(one.startswith(said) for one in found), found


def test_what_is_sound_is_not_refused() -> None:
    assert complaints() == []
    assert complaints(receivers=[SLACK], secrets=("slack_url",)) == []
    assert complaints(receivers=[SLACK], alertmanager_secret="own", password=False, grafana_secret="own") == []
