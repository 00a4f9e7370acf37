"""Evictions, and the arithmetic of the budgets that they are charged to."""

from __future__ import annotations

import pytest
from integration.kubernetes.cluster import Answer, Cluster, Object
from integration.kubernetes.manifests import budget, pod, workload
from kubernetes_double import KubernetesDouble

REFUSAL = "Cannot evict pod as it would violate the pod's disruption budget."


def evict(cluster: Cluster, namespace: str, name: str, dry_run: bool = False, **query: str) -> Answer:
    options = {"deleteOptions": {"dryRun": ["All"]}} if dry_run else {}
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
        **options,
    }
    return cluster.ask("post", cluster.path("Pod", namespace, name, "eviction"), body, **query)


def status(cluster: Cluster, namespace: str, name: str = "web") -> Object:
    return cluster.read("PodDisruptionBudget", namespace, name).body["status"]


def figures(cluster: Cluster, namespace: str, name: str = "web") -> tuple[int, int, int, int]:
    """Expected, desired, healthy, allowed."""
    found = status(cluster, namespace, name)
    return found["expectedPods"], found["desiredHealthy"], found["currentHealthy"], found["disruptionsAllowed"]


@pytest.fixture
def three(cluster: Cluster, double: KubernetesDouble, namespace: str) -> list[str]:
    """Names of three pods of a Deployment, Ready on three nodes."""
    double.add_nodes("a", "b", "c")
    cluster.create(workload("Deployment", "web", 3), namespace)
    double.settle()
    return cluster.names("Pod", namespace)


def test_a_pod_without_a_budget_is_evicted(cluster: Cluster, namespace: str) -> None:
    cluster.create(pod("a"), namespace)
    assert evict(cluster, namespace, "a", dry_run=True).status == 201
    assert cluster.read("Pod", namespace, "a").status == 200
    done = evict(cluster, namespace, "a")
    assert (done.status, done.body["status"]) == (201, "Success")
    assert cluster.read("Pod", namespace, "a").status == 404
    assert evict(cluster, namespace, "a").status == 404
    for name in ("b", "c"):
        cluster.create(pod(name), namespace)
    brief = {"metadata": {"name": "c"}}  # as the client's own class of it is sent
    assert cluster.ask("post", cluster.path("Pod", namespace, "c", "eviction"), brief).status == 201
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "another"}}
    assert cluster.ask("post", cluster.path("Pod", namespace, "b", "eviction"), body).status == 400


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({"minAvailable": 2}, (3, 2, 3, 1)),
        ({"minAvailable": 3}, (3, 3, 3, 0)),
        ({"minAvailable": 9}, (3, 9, 3, 0)),
        ({"minAvailable": 0}, (3, 0, 3, 3)),
        ({"minAvailable": "50%"}, (3, 2, 3, 1)),  # 1.5 is rounded up
        ({"minAvailable": "67%"}, (3, 3, 3, 0)),  # and so is 2.01
        ({"maxUnavailable": 1}, (3, 2, 3, 1)),
        ({"maxUnavailable": "50%"}, (3, 1, 3, 2)),
        ({"maxUnavailable": 0}, (3, 3, 3, 0)),
        ({"maxUnavailable": 9}, (3, 0, 3, 3)),
    ],
)
def test_what_a_budget_allows(
    cluster: Cluster, double: KubernetesDouble, namespace: str, three: list[str], spec: Object, wanted: tuple[int, ...]
) -> None:
    cluster.create(budget("web", **spec), namespace)
    double.settle()
    assert figures(cluster, namespace) == wanted
    assert evict(cluster, namespace, three[0]).status == (201 if wanted[3] else 429)


def test_a_budget_that_matches_nothing(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    cluster.create(budget("web", minAvailable=1), namespace)
    double.settle()
    assert figures(cluster, namespace) == (0, 1, 0, 0)


def test_a_refusal_says_why(cluster: Cluster, double: KubernetesDouble, namespace: str, three: list[str]) -> None:
    cluster.create(budget("web", minAvailable=3), namespace)
    early = evict(cluster, namespace, three[0])
    assert (early.status, early.headers.get("Retry-After")) == (429, "10")
    assert "is still being processed by the server" in early.body["details"]["causes"][0]["message"]
    double.settle()
    refused = evict(cluster, namespace, three[0])
    assert (refused.status, refused.body["reason"], refused.message) == (429, "TooManyRequests", REFUSAL)
    cause = refused.body["details"]["causes"][0]
    assert cause == {
        "reason": "DisruptionBudget",
        "message": "The disruption budget web needs 3 healthy pods and has 3 currently",
    }
    assert cluster.names("Pod", namespace) == three


def test_what_is_granted_is_counted(
    cluster: Cluster, double: KubernetesDouble, namespace: str, three: list[str]
) -> None:
    cluster.create(budget("web", minAvailable=2), namespace)
    double.settle()
    assert evict(cluster, namespace, three[0]).status == 201
    assert status(cluster, namespace)["disruptionsAllowed"] == 0
    assert three[0] in status(cluster, namespace)["disruptedPods"]
    assert evict(cluster, namespace, three[1]).status == 429
    double.settle()
    assert figures(cluster, namespace) == (3, 2, 3, 1), "the Deployment has made another pod"
    assert evict(cluster, namespace, three[1]).status == 201


def test_a_rehearsed_eviction_is_not_counted(
    cluster: Cluster, double: KubernetesDouble, namespace: str, three: list[str]
) -> None:
    """Three in a row pass, where the second real one would not."""
    cluster.create(budget("web", minAvailable=2), namespace)
    double.settle()
    double.forget_log()
    assert [evict(cluster, namespace, name, dry_run=True).status for name in three] == [201, 201, 201]
    assert evict(cluster, namespace, three[0], dryRun="All").status == 201
    assert figures(cluster, namespace) == (3, 2, 3, 1)
    assert double.changes() == []
    cluster.patch("PodDisruptionBudget", namespace, "web", {"spec": {"minAvailable": 3}})
    double.settle()
    assert evict(cluster, namespace, three[0], dry_run=True).status == 429


def test_two_budgets_on_a_pod(cluster: Cluster, double: KubernetesDouble, namespace: str, three: list[str]) -> None:
    for name in ("one", "two"):
        cluster.create(budget(name, minAvailable=1), namespace)
    double.settle()
    refused = evict(cluster, namespace, three[0])
    assert refused.status == 500
    assert refused.message == (
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    )


def test_pods_that_are_not_ready(cluster: Cluster, double: KubernetesDouble, namespace: str, three: list[str]) -> None:
    cluster.create(budget("web", minAvailable=2), namespace)
    double.hold(*three[:2])
    double.settle()
    assert figures(cluster, namespace) == (3, 2, 1, 0)
    assert evict(cluster, namespace, three[0]).status == 429, "IfHealthyBudget, and the budget is not"
    cluster.patch("PodDisruptionBudget", namespace, "web", {"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}})
    double.settle()
    assert evict(cluster, namespace, three[0]).status == 201
    assert evict(cluster, namespace, three[2]).status == 429, "this one is healthy"
    assert "disruptedPods" not in status(cluster, namespace)


def test_an_unready_pod_of_a_healthy_budget(
    cluster: Cluster, double: KubernetesDouble, namespace: str, three: list[str]
) -> None:
    cluster.create(budget("web", minAvailable=2), namespace)
    double.hold(three[0])
    double.settle()
    assert figures(cluster, namespace) == (3, 2, 2, 0)
    assert evict(cluster, namespace, three[1]).status == 429
    assert evict(cluster, namespace, three[0]).status == 201


def test_a_plain_deletion_asks_no_budget(
    cluster: Cluster, double: KubernetesDouble, namespace: str, three: list[str]
) -> None:
    cluster.create(budget("web", minAvailable=3), namespace)
    double.settle()
    going = cluster.delete("Pod", namespace, three[0])
    assert going.status == 200 and going.body["metadata"]["deletionGracePeriodSeconds"] == 30
    assert cluster.read("Pod", namespace, three[0]).body["metadata"]["deletionTimestamp"]
    double.settle()
    assert cluster.read("Pod", namespace, three[0]).status == 404
    assert cluster.delete("Pod", namespace, three[1], gracePeriodSeconds=0).status == 200
    assert cluster.read("Pod", namespace, three[1]).status == 404
