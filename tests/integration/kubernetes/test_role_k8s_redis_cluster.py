"""The role k8s_redis_cluster, played against a cluster, up to the objects: no Redis runs in pods of the double."""

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

ROLE, NAME = "k8s_redis_cluster", "omnimind-redis"
PASSWORD = "correct horse/battery@staple"
UP_TO_THE_OBJECTS = ("--skip-tags", "k8s_redis_cluster_form,k8s_redis_cluster_verify")
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.fixture
def running(double: KubernetesDouble, namespace: str) -> Iterator[KubernetesDouble]:
    """Controllers work, on three nodes."""
    double.add_nodes("a", "b", "c", zones=True)
    with double.running():
        yield double


def roll_out(cluster: Cluster, tmp_path: Path, namespace: str, *options: str, **variables: Any) -> Played:
    given = {"namespace": namespace, "password": PASSWORD, **variables}
    return play_role(cluster, tmp_path, ROLE, *UP_TO_THE_OBJECTS, *options, **given)


def test_from_nothing_to_absent(cluster: Cluster, running: KubernetesDouble, namespace: str, tmp_path: Path) -> None:
    level = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    assert cluster.patch("Namespace", "", namespace, level).status == 200
    running.forget_log()
    foreseen = roll_out(cluster, tmp_path, namespace, "--check", "--diff")
    assert not foreseen.failure and running.changes() == []

    made = roll_out(cluster, tmp_path, namespace, "--diff")
    assert not made.failure, made.failure
    assert made.changed == foreseen.changed and len(made.changed) == 3
    assert "battery" not in made.output
    assert len(cluster.names("Pod", namespace)) == 6
    (config,) = cluster.list("ConfigMap", namespace, labelSelector=f"omnimind.platform/config={NAME}")
    assert "cluster-enabled yes" in config["data"]["redis.conf"] and "masterauth" not in str(config)
    secret = cluster.read("Secret", namespace, NAME).body
    assert base64.b64decode(secret["data"]["password"]).decode() == PASSWORD
    assert 'masterauth "correct horse' in base64.b64decode(secret["data"]["secret.conf"]).decode()
    applied = [
        cluster.read(kind, namespace, name).body["metadata"]["annotations"][APPLIED]
        for kind, name in (
            ("Secret", NAME), ("Service", NAME), ("Service", f"{NAME}-client"), ("PodDisruptionBudget", NAME),
            ("StatefulSet", NAME),
        )
    ]  # fmt: skip
    assert [found for version in VERSIONS for found in complaints(applied, version)] == []

    assert roll_out(cluster, tmp_path, namespace).changed == []

    # Neither fewer pods, nor other volumes, nor a password that the pods do not take.
    running.forget_log()
    wrong = roll_out(cluster, tmp_path, namespace, replicas=0, storage_size="9Gi", password="new").failure
    for name in ("shards: there are 6 pods", "storage_size: volumes are of 4Gi", "password: pods that run do not take"):
        assert f"k8s_redis_cluster_{name}" in wrong, name
    assert running.changes() == []

    gone = roll_out(cluster, tmp_path, namespace, state="absent", delete_data=True)
    assert not gone.failure, gone.failure
    for kind in ("StatefulSet", "Service", "Secret", "PodDisruptionBudget"):
        assert cluster.names(kind, namespace) == []
    assert running.list("PersistentVolumeClaim", namespace) == []


def test_what_cannot_be_is_refused_first(
    cluster: Cluster, running: KubernetesDouble, namespace: str, tmp_path: Path
) -> None:
    running.forget_log()
    wrong = roll_out(
        cluster, tmp_path, namespace, password="", shards=2, image="", storage_size="lots", hang_seconds=0,
        extra_settings={"port": 1}, users=[{"name": "app"}], shrads=3,
    ).failure  # fmt: skip
    for name in ("password: it is empty", "shards: 2", "image: ''", "storage_size: ", "hang_seconds: 0", "users: app",
                 "extra_settings: port"):  # fmt: skip
        assert f"k8s_redis_cluster_{name}" in wrong, name
    assert "k8s_redis_cluster_shrads" in wrong
    running.deny("create", "statefulsets")
    assert "statefulsets" in roll_out(cluster, tmp_path, namespace).failure
    assert running.changes() == []
