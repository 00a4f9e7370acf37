"""What only the role k8s_backend by itself shows. For its life see test_playbook.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integration.kubernetes.cluster import Cluster
from integration.kubernetes.role_plays import Played, play_role
from integration.kubernetes.schemas import VERSIONS, complaints
from kubernetes_double import KubernetesDouble

ROLE, NAME = "k8s_backend", "omnimind-backend"
PASSWORD = "correct horse/battery@staple"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def roll_out(cluster: Cluster, tmp_path: Path, namespace: str, **variables: Any) -> Played:
    return play_role(cluster, tmp_path, ROLE, **{"namespace": namespace, "redis_password": PASSWORD, **variables})


def test_settings_and_an_autoscaler(
    cluster: Cluster, running: KubernetesDouble, namespace: str, tmp_path: Path
) -> None:
    """A change of the settings is a roll-out, with another ConfigMap. What is not asked for any more goes."""
    bounds = {"min": 2, "max": 4, "cpu_percent": 70}
    compression = {"codings": ["br"], "levels": {"br": 5}}
    made = roll_out(cluster, tmp_path, namespace, compression=compression, autoscaling=bounds)
    assert not made.failure, made.failure
    scaler = running.get("HorizontalPodAutoscaler", NAME, namespace)
    assert scaler and (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (2, 4)
    assert complaints([scaler["metadata"]["annotations"][APPLIED]], VERSIONS[0]) == []
    (config,) = cluster.list("ConfigMap", namespace, labelSelector=f"omnimind.platform/config={NAME}")
    assert "br: 5" in config["data"]["compression.yaml"]
    sources = cluster.list("Pod", namespace)[0]["spec"]["volumes"][0]["projected"]["sources"]
    assert sources[0]["configMap"]["name"] == config["metadata"]["name"]

    changed = roll_out(cluster, tmp_path, namespace, compression={"codings": ["gzip"]})
    assert not changed.failure, changed.failure
    assert len(cluster.names("ConfigMap", namespace, labelSelector=f"omnimind.platform/config={NAME}")) == 2
    deployment = cluster.read("Deployment", namespace, NAME).body
    named = deployment["spec"]["template"]["spec"]["volumes"][0]["projected"]["sources"][0]["configMap"]["name"]
    assert named != config["metadata"]["name"] and deployment["status"]["updatedReplicas"] == 2
    assert running.get("HorizontalPodAutoscaler", NAME, namespace) is None


def test_what_cannot_be_is_refused_first(
    cluster: Cluster, running: KubernetesDouble, namespace: str, tmp_path: Path
) -> None:
    running.forget_log()
    wrong = roll_out(
        cluster, tmp_path, namespace, compression={"levels": {"br": 12}}, replicas=0, image="", images={"side": 5},
        cache_url="nowhere", resources={"requests": {"memory": "lots"}}, shutdwn_seconds=3,
    )  # fmt: skip
    for name in (
        "compression.levels.br: 12",
        "replicas: 0",
        "image: ''",
        "images.side: 5",
        "cache_url: ",
        "resources.requests.memory",
    ):
        assert f"k8s_backend_{name}" in wrong.failure, name
    assert "k8s_backend_shutdwn_seconds" in wrong.failure
    assert running.changes() == []
    running.deny("create", "deployments")
    assert roll_out(cluster, tmp_path, namespace).failure
    assert running.changes() == []
    assert "there is no namespace elsewhere" in roll_out(cluster, tmp_path, "elsewhere").failure
