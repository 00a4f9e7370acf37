"""What the role k8s_redis_cluster refuses before the first change. For what it does see test_playbook.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integration.kubernetes.cluster import Cluster
from integration.kubernetes.role_plays import Played, play_role
from kubernetes_double import KubernetesDouble

ROLE = "k8s_redis_cluster"
PASSWORD = "correct horse/battery@staple"


def roll_out(cluster: Cluster, tmp_path: Path, namespace: str, **variables: Any) -> Played:
    return play_role(cluster, tmp_path, ROLE, **{"namespace": namespace, "password": PASSWORD, **variables})


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
