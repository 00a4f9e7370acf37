"""What the daemons of one host read, and their command lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import files, grafana

ROLE = Path(__file__).resolve().parents[3] / "roles" / "monitoring"
MADE: dict[str, Any] = {
    "targets": {
        "jobs": {"node": [{"targets": ["10.0.0.1:9100"], "labels": {"host": "a"}}], "redis": []},
        "alertmanagers": {"a": "10.0.0.1:9093", "b": "10.0.0.2:9093"},
        "peers": {"a": "10.0.0.1:9094", "b": "10.0.0.2:9094"},
        "redis_passwords": {"redis://10.0.0.1:7000": "tiger"},
    },
    "hashes": {"omnimind": "$2b$10$hash"},
    "rules": {"host.yml": "groups: []\n"},
    "alertmanager": {"alertmanager.yml": {"route": {}}, "templates/omnimind.tmpl": "x"},
    "scripts": {"run.py": "", "gpu.py": "", "certificates.py": ""},
    "certificate": {},
    "redis_ca": "",
}
CERTIFICATE = {"node.crt": "crt", "node.key": "key", "ca.crt": "ca"}


def variables(**changes: Any) -> dict[str, Any]:
    """The role's own defaults, and what else it would compute."""
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    plain = {name.removeprefix("monitoring_"): value for name, value in defaults.items()}
    computed = {
        "host": "a", "address": "10.0.0.1", "listen_address": "10.0.0.1", "password": "lion", "nvidia_smi": "",
        "config_directory": "/etc/m", "data_directory": "/var/lib/m", "grafana_config_directory": "/etc/g",
        "prometheus_url": "http://10.0.0.1:9090", "alertmanager_url": "http://10.0.0.1:9093",
        "grafana_url": "http://10.0.0.1:3000",
        "components": ["prometheus", "alertmanager", "node_exporter", "redis_exporter", "gpu"],
    }  # fmt: skip
    return {**plain, **computed, **changes}


def configuration(made: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return files.configuration(variables(**changes), {**MADE, **(made or {})})


def test_secrets_are_among_the_secret_files_only() -> None:
    found = configuration({"certificate": CERTIFICATE}, secrets={"slack": "hunter2"}, more_users={"anna": "wolf"})
    public = json.dumps(found["files"])
    for secret in ("tiger", "lion", "hunter2", "wolf", "$2b$10$hash", '"key"'):
        assert secret not in public
    assert found["secret_files"]["secrets/slack"] == "hunter2"
    assert json.loads(found["secret_files"]["redis_exporter/passwords.json"]) == {"redis://10.0.0.1:7000": "tiger"}
    assert set(found["secret_files"]) == {
        "web.yml", "tls/node.key", "secrets/slack", "prometheus/secrets/password", "redis_exporter/passwords.json",
    }  # fmt: skip


def test_a_component_that_is_not_chosen_has_no_files() -> None:
    found = configuration(components=["node_exporter"])
    assert set(found["files"]) | set(found["secret_files"]) == {"web.yml"}
    assert found["validate"] == []
    assert list(files.instances(variables(components=["node_exporter"]), MADE)) == ["node_exporter"]


def test_every_scrape_logs_in_by_a_file() -> None:
    config = configuration()["files"]["prometheus/prometheus.yml"]
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    assert list(jobs) == ["prometheus", "alertmanager", "node", "redis", "omnimind_backend"]
    for name in ("prometheus", "alertmanager", "node"):
        assert jobs[name]["basic_auth"] == {"username": "omnimind", "password_file": "secrets/password"}
        assert jobs[name]["file_sd_configs"] == [{"files": [f"targets/{name}.yml"]}]
    assert config["alerting"]["alertmanagers"][0]["basic_auth"]["password_file"] == "secrets/password"
    assert configuration()["files"]["prometheus/targets/alertmanagers.yml"] == [{"targets": ["10.0.0.1:9093", "10.0.0.2:9093"]}]


def test_tls_is_everywhere_or_nowhere() -> None:
    with_tls = configuration({"certificate": CERTIFICATE})
    config = with_tls["files"]["prometheus/prometheus.yml"]
    encrypted = [job["job_name"] for job in config["scrape_configs"] if job.get("scheme") == "https"]
    assert encrypted == ["prometheus", "alertmanager", "node", "redis"]
    assert config["alerting"]["alertmanagers"][0]["scheme"] == "https"
    assert with_tls["secret_files"]["web.yml"]["tls_server_config"]["key_file"] == "tls/node.key"
    assert "https" not in json.dumps(configuration()["files"]["prometheus/prometheus.yml"])
    exporter = files.instances(variables(), {**MADE, "certificate": CERTIFICATE})["redis_exporter"]
    assert "--tls-server-ca-cert-file=/etc/m/tls/ca.crt" in exporter


def test_the_node_is_the_instance_and_the_exporter_is_asked() -> None:
    (job,) = [j for j in configuration()["files"]["prometheus/prometheus.yml"]["scrape_configs"] if j["job_name"] == "redis"]
    target, instance, address = job["relabel_configs"]
    assert (target["target_label"], target["separator"], target["source_labels"][0]) == ("__param_target", "://", "__redis_scheme")
    assert instance == {"source_labels": ["__address__"], "target_label": "instance"}
    assert address["replacement"] == "127.0.0.1:9121"


@pytest.mark.parametrize(("interval", "timeout"), [("5s", "5s"), ("500ms", "500ms"), ("10s", "10s"), ("1m", "10s")])
def test_a_scrape_ends_before_the_next(interval: str, timeout: str) -> None:
    config = configuration(scrape_interval=interval)["files"]["prometheus/prometheus.yml"]
    assert config["global"]["scrape_timeout"] == timeout


def test_rules_of_the_user_are_files_beside_ours() -> None:
    found = configuration(rules={"shop": [{"name": "g", "rules": []}]})["files"]
    assert found["prometheus/rules/user_shop.yml"] == {"groups": [{"name": "g", "rules": []}]}
    assert "prometheus/rules/host.yml" in found


def test_command_lines() -> None:
    lines = files.instances(variables(retention_size="10GB", prometheus_flags=["--log.level=debug"]), MADE)
    words = lines["prometheus"].split()
    assert words[0] == "/usr/bin/prometheus" and words[-1] == "--log.level=debug"
    assert "--storage.tsdb.retention.time=35d" in words and "--storage.tsdb.retention.size=10GB" in words
    assert "--web.config.file=/etc/m/web.yml" in words and "--web.listen-address=10.0.0.1:9090" in words
    assert "--web.listen-address=127.0.0.1:9121" in lines["redis_exporter"]
    assert not any("lion" in line or "tiger" in line for line in lines.values())


def test_alertmanagers_find_one_another() -> None:
    words = files.instances(variables(), MADE)["alertmanager"].split()
    for flag in ("listen-address=10.0.0.1:9094", "advertise-address=10.0.0.1:9094", "peer=10.0.0.2:9094"):
        assert f"--cluster.{flag}" in words
    assert "--cluster.peer=10.0.0.1:9094" not in words
    alone = {**MADE, "targets": {**MADE["targets"], "peers": {"a": "10.0.0.1:9094"}}}
    assert "--cluster.listen-address=" in files.instances(variables(), alone)["alertmanager"].split()


def test_without_gpu_and_certificates_nothing_runs_beside_the_node_exporter() -> None:
    assert "textfile" not in files.instances(variables(), MADE)
    assert not [path for path in configuration()["files"] if path.startswith("textfile/")]


def test_gpus_and_certificates_are_looked_at_where_they_are() -> None:
    given = variables(nvidia_smi="/usr/bin/nvidia-smi", certificates=["/etc/x.crt"])
    gpu, certificates = files.textfile_jobs(given)
    assert gpu["command"] == ["/etc/m/textfile/gpu.py", "/var/lib/m/node_exporter/gpu.prom", "/usr/bin/nvidia-smi"]
    assert certificates["command"][1:] == ["/var/lib/m/node_exporter/certificates.prom", "/etc/x.crt"]
    assert files.instances(given, MADE)["textfile"].endswith("/run.py /etc/m/textfile/jobs.json")
    assert "textfile" in files.read_at_start(given)


# --- Grafana --------------------------------------------------------------------------------------------------


def test_grafana_never_has_the_old_alerting() -> None:
    text = grafana.configuration(variables(grafana_ini={"log": {"level": "warn"}}), {}, {})["files"]["grafana.ini"]
    assert "\n[alerting]" not in text and "\n[unified_alerting]\nenabled = false\n" in text
    assert "\nlevel = warn\n" in text and "\nmode = console\n" in text
    assert list(grafana.ini_complaints({"alerting": {}})) and not list(grafana.ini_complaints({"unified_alerting": {}}))


def test_secrets_of_grafana_are_in_files() -> None:
    found = grafana.configuration(variables(grafana_admin_password="wolf"), {}, CERTIFICATE)
    public = json.dumps(found["files"])
    assert "wolf" not in public and "lion" not in public
    assert "admin_password = $__file{/etc/g/secrets/admin_password}" in found["files"]["grafana.ini"]
    assert found["secret_files"]["secrets/admin_password"] == "wolf"
    assert list(grafana.ini_complaints({"smtp": {"password": "wolf"}}))
    assert not list(grafana.ini_complaints({"smtp": {"password": "$__file{/etc/smtp}"}}))


def test_the_source_of_data_has_an_identity_of_its_own() -> None:
    # The address for people may lead through a proxy.
    public = "https://prometheus.example.com"
    found = grafana.configuration(variables(prometheus_url=public), {"system.json": "{}"}, {})["files"]
    (source,) = found["provisioning/datasources/omnimind.yml"]["datasources"]
    assert (source["uid"], source["editable"]) == ("omnimind-prometheus", False)
    assert source["url"] == "http://10.0.0.1:9090"
    (provider,) = found["provisioning/dashboards/omnimind.yml"]["providers"]
    assert provider["allowUiUpdates"] is False and provider["options"]["path"] == "/etc/g/dashboards"
    elsewhere = variables(prometheus_url=public, components=["grafana"])
    assert grafana.datasource(elsewhere, "", "")["datasources"][0]["url"] == public
    # Else Grafana would keep a dashboard whose file is gone.
    assert provider["disableDeletion"] is False
    assert found["dashboards/system.json"] == "{}"
