"""The role k8s_security in a cluster with others, from nothing to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import container, policy
from integration.kubernetes.role_plays import Played, play_role
from kubernetes_double import READER_TOKEN, KubernetesDouble

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


def test_from_nothing_to_nothing(cluster: Cluster, town: KubernetesDouble, tmp_path: Path) -> None:
    """Rehearsed, made, left alone, audited, healed and removed; each as it was told before."""

    def play(*options: str, **variables: Any) -> Played:
        town.forget_log()
        return play_role(cluster, tmp_path, "k8s_security", *options, **{"config_maps": CONFIG, **variables})

    rehearsed = play("--check", "--diff")
    assert rehearsed.failure == "" and town.changes() == []
    made = play()
    assert made.failure == "" and made.done == rehearsed.done and len(made.changed) == 5
    assert sorted(cluster.names("NetworkPolicy", NAMESPACE)) == POLICIES
    assert cluster.names("ResourceQuota", NAMESPACE) == cluster.names("LimitRange", NAMESPACE) == [NAMESPACE]
    assert cluster.names("PodDisruptionBudget", NAMESPACE) == ["omnimind-frontend", "omnimind-sentinel"]
    assert made.tasks["Configuration is there, by its content"]["results"][0]["config_map"] in cluster.names(
        "ConfigMap", NAMESPACE
    )
    for name in ("frontend", "redis"):
        town.create("Pod", pod(f"{name}-0", component(name)), NAMESPACE)
    town.create("Pod", pod("stranger-0", {"app": "x"}), NAMESPACE)

    again = play()
    assert again.failure == "" and again.changed == [] and town.changes() == []

    _open_by_hand(cluster)
    reader = town.kubeconfig(tmp_path / "reader", READER_TOKEN)
    audited = play(kubeconfig=reader, state="audit")
    assert town.changes() == []
    told = audited.failure.splitlines()
    assert {"omnimind/allow-frontend is edited", "omnimind/debug is extra"} <= set(told), told
    assert "PodDisruptionBudget omnimind/omnimind-frontend is edited" in told
    opened = [line for line in told if line.startswith("opened: ")]
    assert any("omnimind/frontend-0" in line and "allow-frontend spec.egress[0]" in line for line in opened), opened
    assert any("omnimind/redis-0" in line and "debug spec.ingress[0]" in line for line in opened), opened

    healed = play()
    assert healed.failure == ""
    changed = healed.done
    assert [one["replaced"] for one in changed.values()] == [
        ["allow-frontend"], ["PodDisruptionBudget omnimind-frontend"],
    ]  # fmt: skip
    assert "debug" in cluster.names("NetworkPolicy", NAMESPACE), "what others made is told and not removed"
    assert "omnimind/debug is extra" in healed.tasks["What is left is told"]["msg"]

    cluster.delete("NetworkPolicy", NAMESPACE, "debug")
    for name in ("frontend-0", "redis-0", "stranger-0"):
        cluster.delete("Pod", NAMESPACE, name, gracePeriodSeconds=0)
    foreseen = play("--check", state="absent")
    assert foreseen.failure == "" and town.changes() == []
    gone = play(state="absent")
    assert gone.failure == "" and gone.done == foreseen.done
    removals = [one.split("/")[-1] for one in town.changes() if one.startswith("DELETE") and "networkpolicies" in one]
    assert removals[0] == "default-deny" and sorted(removals) == POLICIES
    assert gone.tasks["Labels of the namespace are gone, and it itself where nobody else has anything in it"]["removed"]
    again = play(state="absent")
    assert again.failure == "" and again.changed == []


def _open_by_hand(cluster: Cluster) -> None:
    """What people do when something does not work."""
    cluster.patch("NetworkPolicy", NAMESPACE, "allow-frontend", {"spec": {"egress": [{}]}})
    redis = {"podSelector": {"matchLabels": component("redis")}}
    cluster.create(policy("debug", ingress=[{}], **redis), NAMESPACE)
    cluster.patch("PodDisruptionBudget", NAMESPACE, "omnimind-frontend", {"spec": {"maxUnavailable": 5}})
