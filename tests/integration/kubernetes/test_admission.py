"""Quotas, limits and Pod Security: what a cluster decides about a pod because of the namespace that it is in."""

from __future__ import annotations

import pytest
from integration.kubernetes.cluster import Cluster, Object
from integration.kubernetes.manifests import container, pod
from integration.waiting import eventually


def limits(**limit: Object) -> Object:
    spec = {"limits": [{"type": "Container", **limit}]}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "each"}, "spec": spec}


def quota(**hard: str) -> Object:
    spec = {"hard": {name.replace("_", "."): value for name, value in hard.items()}}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "all"}, "spec": spec}


def asking(name: str, **resources: Object) -> Object:
    return pod(name, containers=[container(resources=resources)])


def counted(cluster: Cluster, namespace: str) -> bool:
    """Whether the quota has a status; until then a real server refuses every pod."""
    return bool(cluster.read("ResourceQuota", namespace, "all").body.get("status", {}).get("used"))


def test_limits_fill_in_what_a_container_does_not_say(cluster: Cluster, namespace: str) -> None:
    cluster.create(limits(default={"cpu": "500m"}, defaultRequest={"cpu": "100m", "memory": "64Mi"}), namespace)
    found = cluster.create(pod("silent"), namespace).body["spec"]["containers"][0]["resources"]
    assert found == {"limits": {"cpu": "500m"}, "requests": {"cpu": "100m", "memory": "64Mi"}}
    found = cluster.create(asking("says", limits={"cpu": "1"}), namespace).body["spec"]["containers"][0]["resources"]
    assert found == {"limits": {"cpu": "1"}, "requests": {"cpu": "1", "memory": "64Mi"}}


def test_limits_refuse(cluster: Cluster, namespace: str) -> None:
    cluster.create(limits(max={"cpu": "1"}, min={"memory": "32Mi"}), namespace)
    much = cluster.create(asking("much", limits={"cpu": "2"}, requests={"memory": "64Mi"}), namespace)
    assert (much.status, much.body["reason"]) == (403, "Forbidden")
    assert much.message == 'pods "much" is forbidden: maximum cpu usage per Container is 1, but limit is 2'
    little = cluster.create(asking("little", requests={"memory": "1Mi"}), namespace)
    assert "minimum memory usage per Container is 32Mi, but request is 1Mi" in little.message


def test_a_quota_refuses_who_does_not_say_and_who_is_too_much(cluster: Cluster, namespace: str) -> None:
    cluster.create(quota(pods="2", requests_cpu="1"), namespace)
    if cluster.double is None and not eventually(lambda: counted(cluster, namespace)):
        pytest.skip("this cluster has no controller that counts what quotas are for")
    silent = cluster.create(pod("silent"), namespace)
    assert silent.status == 403
    assert silent.message == 'pods "silent" is forbidden: failed quota: all: must specify requests.cpu for: web'
    assert cluster.create(asking("a", requests={"cpu": "700m"}), namespace).status == 201
    much = cluster.create(asking("b", requests={"cpu": "500m"}), namespace)
    assert much.message == (
        'pods "b" is forbidden: exceeded quota: all, requested: requests.cpu=500m, used: requests.cpu=700m, '
        "limited: requests.cpu=1"
    )
    assert cluster.create(asking("c", requests={"cpu": "100m"}), namespace, dryRun="All").status == 201
    assert cluster.create(asking("c", requests={"cpu": "100m"}), namespace).status == 201
    full = cluster.create(asking("d", requests={"cpu": "1m"}), namespace)
    assert "exceeded quota: all, requested: pods=1, used: pods=2, limited: pods=2" in full.message
    cluster.delete("Pod", namespace, "a")
    if cluster.double:  # elsewhere the controller needs a moment
        assert cluster.create(asking("d", requests={"cpu": "1m"}), namespace).status == 201
        cluster.double.settle()
        used = cluster.read("ResourceQuota", namespace, "all").body["status"]["used"]
        assert used == {"pods": "2", "requests.cpu": "101m"}


def test_a_level_of_pod_security_is_enforced(cluster: Cluster, namespace: str) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}
    cluster.patch("Namespace", "", namespace, {"metadata": {"labels": labels}})
    assert eventually(lambda: cluster.create(pod("open"), namespace, dryRun="All").status == 403)
    refused = cluster.create(pod("open"), namespace)
    assert refused.status == 403
    assert (
        'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "web" must set'
        in refused.message
    )
    for words in ("unrestricted capabilities", "runAsNonRoot != true", "seccompProfile"):
        assert words in refused.message
    own = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    common = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    tight = pod("tight", containers=[container(securityContext=own)], securityContext=common)
    answer = cluster.create(tight, namespace)
    assert (answer.status, answer.warnings) == (201, "")
