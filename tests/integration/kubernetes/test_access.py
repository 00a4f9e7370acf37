"""Who may what in the double, and that it remembers who asked for what."""

from __future__ import annotations

from pathlib import Path

from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import config_map, policy
from kubernetes_double import READER_TOKEN, KubernetesDouble


def other(cluster: Cluster, double: KubernetesDouble, tmp_path: Path, token: str) -> Cluster:
    """The same cluster, asked with another token; discovery comes from the first one's cache."""
    return Cluster(double.kubeconfig(tmp_path / "other", token), double, tmp_path / "discovery")


def test_a_token_that_nobody_has(cluster: Cluster, double: KubernetesDouble, namespace: str, tmp_path: Path) -> None:
    stranger = other(cluster, double, tmp_path, "nobody's")
    answer = stranger.read("NetworkPolicy", namespace, "a")
    assert (answer.status, answer.message) == (401, "Unauthorized")


def test_who_may_only_read(cluster: Cluster, double: KubernetesDouble, namespace: str, tmp_path: Path) -> None:
    reader = other(cluster, double, tmp_path, READER_TOKEN)
    cluster.create(policy("a"), namespace)
    assert reader.names("NetworkPolicy", namespace) == ["a"]
    refused = reader.create(policy("b"), namespace)
    assert (refused.status, refused.body["reason"]) == (403, "Forbidden")
    assert refused.message == (
        'networkpolicies.networking.k8s.io is forbidden: User "reader" cannot create resource "networkpolicies" in API '
        f'group "networking.k8s.io" in the namespace "{namespace}"'
    )
    assert reader.create(policy("b"), namespace, dryRun="All").status == 403, "a rehearsal needs the same right"
    assert reader.delete("NetworkPolicy", namespace, "a").message.startswith(
        'networkpolicies.networking.k8s.io "a" is forbidden'
    )


def test_a_test_may_forbid(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    double.deny("list", "networkpolicies")
    assert cluster.ask("get", cluster.path("NetworkPolicy", namespace)).status == 403
    assert cluster.create(policy("a"), namespace).status == 201
    assert may(cluster, namespace, "list") is False and may(cluster, namespace, "create") is True


def may(cluster: Cluster, namespace: str, verb: str) -> bool:
    attributes = {"verb": verb, "resource": "networkpolicies", "group": "networking.k8s.io", "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    return cluster.ask("post", path, review, dryRun="All").body["status"]["allowed"]


def test_the_log_tells_changes_from_rehearsals(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    double.forget_log()
    cluster.create(config_map("a"), namespace, dryRun="All")
    cluster.delete("ConfigMap", namespace, "a", {"kind": "DeleteOptions", "dryRun": ["All"]})
    cluster.list("ConfigMap", namespace)
    assert double.changes() == [] and len(double.log) == 3
    cluster.create(config_map("a"), namespace)
    assert double.changes() == [f"POST /api/v1/namespaces/{namespace}/configmaps"]
    assert [one.status for one in double.log] == [201, 404, 200, 201]
    assert {one.user for one in double.log} == {"admin"}


def test_who_watches_from_too_long_ago_is_told(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    cluster.create(config_map("a"), namespace)
    double.store.forget()
    response = cluster.client.request(
        "get",
        cluster.path("ConfigMap", namespace),
        query_params=[("watch", "true"), ("resourceVersion", "1")],
        serialize=False,
    )
    assert b'"ERROR"' in response.data and b"too old resource version" in response.data
