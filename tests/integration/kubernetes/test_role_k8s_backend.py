"""The role k8s_backend, played against a cluster."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.kubernetes.cluster import Cluster
from integration.kubernetes.role_plays import Played, play_role
from integration.kubernetes.schemas import VERSIONS, complaints
from kubernetes_double import KubernetesDouble

ROLE, NAME = "k8s_backend", "omnimind-backend"
PASSWORD = "correct horse/battery@staple"


@pytest.fixture
def running(double: KubernetesDouble, namespace: str) -> Iterator[KubernetesDouble]:
    """Controllers work, on three nodes."""
    double.add_nodes("a", "b", "c", zones=True)
    with double.running():
        yield double


def roll_out(cluster: Cluster, tmp_path: Path, namespace: str, *options: str, **variables: Any) -> Played:
    given = {"namespace": namespace, "redis_password": PASSWORD, "validate": True, **variables}
    return play_role(cluster, tmp_path, ROLE, *options, **given)


def test_from_nothing_to_absent(cluster: Cluster, running: KubernetesDouble, namespace: str, tmp_path: Path) -> None:
    level = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    assert cluster.patch("Namespace", "", namespace, level).status == 200
    running.forget_log()
    compression = {"codings": ["br"], "levels": {"br": 5}}
    foreseen = roll_out(cluster, tmp_path, namespace, "--check", "--diff", compression=compression)
    assert not foreseen.failure and running.changes() == []

    made = roll_out(cluster, tmp_path, namespace, "--diff", compression=compression)
    assert not made.failure, made.failure
    assert made.changed == foreseen.changed and len(made.changed) == 3
    assert PASSWORD not in made.output and "battery" not in made.output
    deployment = cluster.read("Deployment", namespace, NAME).body
    assert deployment["status"]["readyReplicas"] == 2
    pod = cluster.list("Pod", namespace)[0]
    variables = {one["name"]: one["value"] for one in pod["spec"]["containers"][0]["env"]}
    assert variables["OMNIMIND_COMPRESSION_FILE"] == "/etc/omnimind/compression.yaml"
    secret = cluster.read("Secret", namespace, NAME).body
    url = base64.b64decode(secret["data"]["cache-url"]).decode()
    assert url == "redis+cluster://:correct%20horse%2Fbattery%40staple@omnimind-redis-client:6379"
    (config,) = cluster.list("ConfigMap", namespace, labelSelector=f"omnimind.platform/config={NAME}")
    assert "br: 5" in config["data"]["compression.yaml"]
    sources = pod["spec"]["volumes"][0]["projected"]["sources"]
    assert sources[0]["configMap"]["name"] == config["metadata"]["name"]
    applied = [
        cluster.read(kind, namespace, NAME).body["metadata"]["annotations"][
            "kubectl.kubernetes.io/last-applied-configuration"
        ]
        for kind in ("Secret", "Service", "PodDisruptionBudget", "Deployment")
    ]
    assert [found for version in VERSIONS for found in complaints(applied, version)] == []

    again = roll_out(cluster, tmp_path, namespace, compression=compression)
    assert not again.failure and again.changed == []

    # A change of the settings is a roll-out, with another ConfigMap.
    bounds = {"min": 2, "max": 4, "cpu_percent": 70}
    changed = roll_out(cluster, tmp_path, namespace, compression={"codings": ["gzip"]}, autoscaling=bounds)
    assert not changed.failure, changed.failure
    assert len(cluster.names("ConfigMap", namespace, labelSelector=f"omnimind.platform/config={NAME}")) == 2
    assert running.get("HorizontalPodAutoscaler", NAME, namespace) is not None

    gone = roll_out(cluster, tmp_path, namespace, state="absent")
    assert not gone.failure, gone.failure
    for kind in ("Deployment", "Service", "Secret", "PodDisruptionBudget"):
        assert cluster.names(kind, namespace) == []
    assert running.get("HorizontalPodAutoscaler", NAME, namespace) is None
    assert roll_out(cluster, tmp_path, namespace, state="absent").changed == []


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
