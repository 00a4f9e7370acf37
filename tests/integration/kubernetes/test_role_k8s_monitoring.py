"""What the role k8s_monitoring refuses before the first change. For what it does see test_playbook.py."""

from __future__ import annotations

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


@pytest.fixture
def platform(double: KubernetesDouble) -> Iterator[KubernetesDouble]:
    """A namespace that takes restricted pods only."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    double.create("Namespace", {"metadata": {"name": NAMESPACE, "labels": labels}})
    double.settle()
    yield double


def play(cluster: Cluster, tmp_path: Path, **variables: Any) -> Played:
    return play_role(cluster, tmp_path, ROLE, **{**GIVEN, **variables})


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
