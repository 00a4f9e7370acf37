"""The role k8s_monitoring, played against a cluster that it finds empty."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.kubernetes.cluster import Cluster
from integration.kubernetes.role_plays import Played, play_role
from kubernetes_double import KubernetesDouble

ROLE, NAMESPACE = "k8s_monitoring", "omnimind"
PASSWORD, ADDRESS = "planted-password", "https://hooks.example.com/planted"
GIVEN: dict[str, Any] = {
    "grafana_admin_password": PASSWORD,
    "receivers": [{"name": "slack", "type": "slack", "api_url_file": "slack_url"}],
    "secrets": {"slack_url": ADDRESS},
    "verify_timeout": 60,
}
LABELS = {"app.kubernetes.io/part-of": "omnimind", "app.kubernetes.io/managed-by": "omnimind.platform"}
KINDS = ("Service", "Secret", "StatefulSet", "Deployment", "PersistentVolumeClaim")


@pytest.fixture
def platform(double: KubernetesDouble) -> Iterator[KubernetesDouble]:
    """A namespace that takes restricted pods only, with nodes and the Secret of Redis."""
    double.add_nodes("a", "b", "c")
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    double.create("Namespace", {"metadata": {"name": NAMESPACE, "labels": labels}})
    password = base64.b64encode(b"planted-redis").decode()
    double.create("Secret", {"metadata": {"name": "omnimind-redis"}, "data": {"password": password}}, NAMESPACE)
    double.settle()
    with double.running():
        yield double


def names(double: KubernetesDouble, kind: str) -> set[str]:
    return {one["metadata"]["name"] for one in double.list(kind, NAMESPACE)}


def play(cluster: Cluster, tmp_path: Path, *options: str, **variables: Any) -> Played:
    return play_role(cluster, tmp_path, ROLE, *options, **{**GIVEN, **variables})


def test_from_nothing_to_nothing(cluster: Cluster, platform: KubernetesDouble, tmp_path: Path) -> None:
    """Foreseen, made, left alone, less of it, and gone."""
    platform.forget_log()
    foreseen = play(cluster, tmp_path, "--check", "--diff")
    assert foreseen.failure == "" and names(platform, "StatefulSet") == set()
    assert all("dryRun=All" in str(one) for one in platform.changes()) or platform.list("Service", NAMESPACE) == []
    made = play(cluster, tmp_path, "--diff")
    assert made.failure == "", made.output
    assert made.changed == foreseen.changed
    for secret in (PASSWORD, ADDRESS):
        assert secret not in made.output and base64.b64encode(secret.encode()).decode() not in made.output
    assert names(platform, "StatefulSet") == {"omnimind-prometheus", "omnimind-alertmanager"}
    assert names(platform, "Deployment") == {"omnimind-exporter", "omnimind-grafana"}
    assert {"omnimind-prometheus-0", "omnimind-alertmanager-0", "omnimind-alertmanager-1"} < names(platform, "Pod")
    _what_is_there(platform)
    again = play(cluster, tmp_path)
    assert (again.failure, again.changed) == ("", [])
    fewer = play(cluster, tmp_path, grafana=False)
    assert fewer.failure == "" and names(platform, "Deployment") == {"omnimind-exporter"}
    assert not [name for name in names(platform, "ConfigMap") | names(platform, "Secret") if "grafana" in name]
    gone = play(cluster, tmp_path, state="absent", delete_data=True)
    assert gone.failure == "", gone.output
    assert {kind: names(platform, kind) for kind in KINDS} == {kind: set() for kind in KINDS} | {
        "Secret": {"omnimind-redis"}
    }
    assert not [name for name in names(platform, "ConfigMap") if name.startswith("omnimind")]


def _what_is_there(double: KubernetesDouble) -> None:
    for kind in ("Service", "StatefulSet", "Deployment"):
        for one in double.list(kind, NAMESPACE):
            assert LABELS.items() <= one["metadata"]["labels"].items()
    prometheus = double.get("StatefulSet", "omnimind-prometheus", NAMESPACE)
    config = prometheus["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"]
    kept = double.get("ConfigMap", config, NAMESPACE)
    assert kept["immutable"] is True and {"prometheus.yml", "rules-redis.yml", "rules-slo.yml"} < set(kept["data"])
    pods = double.list("Pod", NAMESPACE)
    assert all(pod["spec"]["automountServiceAccountToken"] is False for pod in pods)
    delivery = double.get("Secret", "omnimind-alertmanager", NAMESPACE)["data"]
    text = base64.b64decode(delivery["alertmanager.yml"]).decode()
    assert "api_url_file: /etc/alertmanager-secrets/slack_url" in text and ADDRESS not in text
    files = double.get("Secret", "omnimind-alertmanager-files", NAMESPACE)["data"]
    assert base64.b64decode(files["slack_url"]).decode() == ADDRESS
    assert "planted" not in json.dumps([one["data"] for one in double.list("ConfigMap", NAMESPACE)])


def test_bad_input_is_refused_before_anything_changes(
    cluster: Cluster, platform: KubernetesDouble, tmp_path: Path
) -> None:
    platform.forget_log()
    refused = play(
        cluster,
        tmp_path,
        grafana_admin_password="",
        thresholds={"cpu_waring": 0.9},
        retention_size="19GB",
        backend_port=0,
        images={"prometheus": "a:1", "alertmanager": "a:1", "exporter": "a:1", "grafan": "a:1"},
        receivers=[{"name": "slack", "type": "slack", "api_url_file": "slak_url"}],
        dashbords=["redis"],
    ).failure
    for part in (
        "k8s_monitoring_grafana_admin_password: it is empty",
        "k8s_monitoring_thresholds",
        "k8s_monitoring_retention_size: 19GB fill the volume of Prometheus; right would be 18432MB at most",
        "k8s_monitoring_backend_port: 0 is no port",
        "k8s_monitoring_images: 'grafan' is no component",
        "k8s_monitoring_receivers[0].api_url_file: secrets has no 'slak_url'",
        "k8s_monitoring_dashbords is no variable of this role, did you mean k8s_monitoring_dashboards?",
    ):
        assert part in refused, refused
    assert platform.changes() == []


def test_rules_that_are_none_are_refused(cluster: Cluster, platform: KubernetesDouble, tmp_path: Path) -> None:
    platform.forget_log()
    rules = {"own": [{"name": "own", "rules": [{"alert": "Own", "expr": "up =="}]}]}
    refused = play(cluster, tmp_path, rules=rules).failure
    assert refused.startswith("k8s_monitoring_rules: promtool refuses it, and nothing was changed")
    assert platform.changes() == []


def test_no_cluster(cluster: Cluster, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.write_text(
        cluster.kubeconfig.read_text().replace(cluster.double.url if cluster.double else "", "http://127.0.0.1:9")
    )
    failure = play_role(cluster, tmp_path, ROLE, kubeconfig=away, **GIVEN).failure
    assert "127.0.0.1:9" in failure
