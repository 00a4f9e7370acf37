"""The role k8s_security by itself, in a cluster with others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import container
from integration.kubernetes.role_plays import Played, play_role
from kubernetes_double import KubernetesDouble

NAMESPACE = "omnimind"
CONFIG = {"settings": {"a.yml": "a: 1\n"}}
POLICIES = [
    *(f"allow-{name}" for name in ("alertmanager", "backend", "exporter", "frontend", "grafana", "prometheus")),
    *("allow-redis", "allow-sentinel", "default-deny"),
]


def pod(name: str, labels: dict[str, str]) -> dict[str, Any]:
    """One of the level restricted."""
    secure = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    account = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"securityContext": account, "containers": [container(securityContext=secure)]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def component(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/part-of": NAMESPACE, "app.kubernetes.io/component": name}


@pytest.fixture
def town(double: KubernetesDouble) -> Iterator[KubernetesDouble]:
    """A cluster with a gateway, name servers, and others."""
    double.add_nodes("a", "b")
    double.create("Namespace", {"metadata": {"name": "gateway-system"}})
    double.create("Pod", pod("gateway-0", {"app": "gateway"}), "gateway-system")
    double.create("Pod", pod("dns-0", {"k8s-app": "kube-dns"}), "kube-system")
    double.create("Pod", pod("other-0", component("backend")), "default")
    with double.running():
        yield double


def test_what_is_taken_away_is_told_before(cluster: Cluster, town: KubernetesDouble, tmp_path: Path) -> None:
    """And in which order. For the rest of its life see test_playbook.py."""

    def play(*options: str, **variables: Any) -> Played:
        town.forget_log()
        return play_role(cluster, tmp_path, "k8s_security", *options, **{"config_maps": CONFIG, **variables})

    assert play().failure == ""
    assert sorted(cluster.names("NetworkPolicy", NAMESPACE)) == POLICIES
    assert cluster.names("ResourceQuota", NAMESPACE) == cluster.names("LimitRange", NAMESPACE) == [NAMESPACE]
    assert cluster.names("PodDisruptionBudget", NAMESPACE) == ["omnimind-frontend", "omnimind-sentinel"]
    foreseen = play("--check", state="absent")
    assert foreseen.failure == "" and town.changes() == []
    gone = play(state="absent")
    assert gone.failure == "" and gone.done == foreseen.done
    removals = [one.split("/")[-1] for one in town.changes() if one.startswith("DELETE") and "networkpolicies" in one]
    assert removals[0] == "default-deny" and sorted(removals) == POLICIES
    assert gone.tasks["Labels of the namespace are gone, and it itself where nobody else has anything in it"]["removed"]
