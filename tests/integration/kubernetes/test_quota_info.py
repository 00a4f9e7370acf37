"""The module k8s_quota_info: whether a roll-out fits, before it is begun."""

from __future__ import annotations

from typing import Any

import pytest
from integration.kubernetes.cluster import Cluster, Object
from integration.kubernetes.manifests import container, pod, workload
from integration.kubernetes.modules import run_module
from kubernetes_double import KubernetesDouble


def ask(cluster: Cluster | None = None, **options: Any) -> dict[str, Any]:
    return run_module("k8s_quota_info", cluster, **options)


def sized(cpu: str) -> Object:
    return {"containers": [container(resources={"requests": {"cpu": cpu}})]}


def quota(**hard: str) -> Object:
    spec = {"hard": {name.replace("_", "."): value for name, value in hard.items()}}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "all"}, "spec": spec}


def limits(cpu: str) -> Object:
    spec = {"limits": [{"type": "Container", "defaultRequest": {"cpu": cpu}}]}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "usual"}, "spec": spec}


def wanted(answer: dict[str, Any]) -> dict[str, str]:
    return {one["resource"]: one["wanted"] for one in answer["accounts"]}


def test_definitions_alone_need_no_cluster() -> None:
    web = workload("Deployment", "web", 2, sized("500m"))
    assert ask(definitions=[web, quota(requests_cpu="2")])["fits"] is True
    answer = ask(definitions=[web, quota(requests_cpu="1200m")], must_fit=True)
    assert answer["failed"] is True and "requests.cpu" in answer["msg"]
    assert (answer["fits"], answer["problems"]) == (False, [answer["msg"]])
    assert wanted(answer) == {"requests.cpu": "1500m"}, "two, and one more while it is rolled out"
    bare = workload("Deployment", "web", 1)
    answer = ask(definitions=[bare, quota(requests_cpu="2")])
    assert (answer["fits"], [one["code"] for one in answer["refusals"]]) == (False, ["resources_missing"])
    assert ask(definitions=[bare, quota(requests_cpu="2"), limits("1")])["fits"] is True


def test_what_runs_is_counted_once(cluster: Cluster, double: KubernetesDouble) -> None:
    double.add_nodes("a", "b")
    double.create("ResourceQuota", quota(requests_cpu="2", pods="20"), "default")
    double.create("Deployment", workload("Deployment", "web", 2, sized("100m")), "default")
    double.create("Pod", pod("bare", **sized("100m")), "default")
    daemon = workload("DaemonSet", "agent", 1, sized("100m"))
    del daemon["spec"]["replicas"]
    double.create("DaemonSet", daemon, "default")
    double.settle()
    double.forget_log()
    answer = ask(cluster, namespaces=["default"])
    # Two and one beyond them, one by itself, and one on each of two nodes.
    assert wanted(answer) == {"requests.cpu": "600m", "pods": "6"} and answer["fits"] is True
    assert wanted(ask(cluster, nodes=4))["pods"] == "8"
    more = ask(cluster, source="both", definitions=[workload("StatefulSet", "store", 3, sized("500m"))])
    assert wanted(more) == {"requests.cpu": "2100m", "pods": "9"} and more["fits"] is False
    other = ask(cluster, source="both", definitions=[workload("Deployment", "web", 4, sized("100m"))])
    assert wanted(other)["pods"] == "8", "it takes the place of the one that is there"
    assert double.changes() == []


def test_jobs_that_are_over_are_not_counted() -> None:
    job = workload("Job", "once", 1, sized("1"))
    job["spec"] = {"template": job["spec"]["template"]}
    over = {**job, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    assert wanted(ask(definitions=[job, quota(pods="1")])) == {"pods": "1"}
    assert wanted(ask(definitions=[over, quota(pods="1")])) == {"pods": "0"}
    nightly = {"kind": "CronJob", "metadata": {"name": "nightly"}, "spec": {"jobTemplate": {"spec": job["spec"]}}}
    assert wanted(ask(definitions=[nightly, quota(pods="1")])) == {"pods": "1"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"nodes": -1}, "nodes: it must not be negative, as -1 is"),
        ({"definitions": [quota(requests_cpu="2x")]}, "spec.hard.requests.cpu"),
        ({"definitions": [workload("Deployment", "web", -1)]}, "spec.replicas: it is a number from 0"),
        ({"namespaces": ["shopp"]}, "namespaces: there is no 'shopp'"),
    ],
)
def test_bad_options(cluster: Cluster, options: dict[str, Any], words: str) -> None:
    refused = ask(cluster, **options)
    assert refused["failed"] is True and words in refused["msg"], refused


def test_no_access(cluster: Cluster, double: KubernetesDouble) -> None:
    double.deny("list", "nodes")
    assert "nodes cannot be listed" in ask(cluster)["msg"]
    assert ask(cluster, nodes=3)["failed"] is False, "then nobody asks for them"
