"""What runs beside the API server in the double: like the real thing where drains and roll-outs are tested."""

from __future__ import annotations

import time

from integration.kubernetes.cluster import Cluster, Object
from integration.kubernetes.manifests import config_map, container, workload
from kubernetes_double import KubernetesDouble

APART = {
    "affinity": {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "redis"}}}
            ]
        }
    }
}


def placed(cluster: Cluster, namespace: str) -> dict[str, str]:
    return {one["metadata"]["name"]: one["spec"].get("nodeName", "") for one in cluster.list("Pod", namespace)}


def ready(found: Object) -> bool:
    conditions = found.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def test_a_deployment_becomes_ready(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    double.add_nodes("a", "b")
    cluster.create(workload("Deployment", "web", 4), namespace)
    double.step()
    assert not any(map(ready, cluster.list("Pod", namespace))), "it takes a while"
    double.settle()
    pods = cluster.list("Pod", namespace)
    assert len(pods) == 4 and all(map(ready, pods))
    assert sorted(placed(cluster, namespace).values()) == ["a", "a", "b", "b"]
    assert len({one["status"]["podIP"] for one in pods}) == 4
    found = cluster.read("Deployment", namespace, "web").body["status"]
    assert (found["readyReplicas"], found["updatedReplicas"], found["observedGeneration"]) == (4, 4, 1)
    assert len(cluster.names("Pod", namespace, fieldSelector="spec.nodeName=a")) == 2


def test_a_roll_out_keeps_to_its_strategy(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    double.add_nodes("a", "b")
    one_more = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    cluster.create(workload("Deployment", "web", 3, strategy=one_more), namespace)
    double.settle()
    new = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "example.invalid/web:2"}]}}}}
    cluster.patch("Deployment", namespace, "web", new, "strategic-merge")
    for _step in range(60):
        double.step()
        pods = [one for one in cluster.list("Pod", namespace) if "deletionTimestamp" not in one["metadata"]]
        assert sum(map(ready, pods)) >= 3 and len(pods) <= 4
    images = {one["spec"]["containers"][0]["image"] for one in cluster.list("Pod", namespace)}
    assert images == {"example.invalid/web:2"} and len(cluster.list("Pod", namespace)) == 3


def test_a_stateful_set_goes_one_by_one(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    double.add_nodes("a", "b", "c")
    cluster.create(workload("StatefulSet", "redis", 3, APART), namespace)
    seen = []
    while double.step():
        there = placed(cluster, namespace)
        if there and (not seen or seen[-1] != sorted(there)):
            seen.append(sorted(there))
    assert seen == [["redis-0"], ["redis-0", "redis-1"], ["redis-0", "redis-1", "redis-2"]]
    assert sorted(placed(cluster, namespace).values()) == ["a", "b", "c"]
    first = cluster.read("Pod", namespace, "redis-0").body["metadata"]["uid"]
    cluster.delete("Pod", namespace, "redis-0")
    double.settle()
    assert cluster.read("Pod", namespace, "redis-0").body["metadata"]["uid"] != first, "the same name, another pod"
    new = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "example.invalid/web:2"}]}}}}
    cluster.patch("StatefulSet", namespace, "redis", new, "strategic-merge")
    changed: list[str] = []
    while double.step():
        for one in cluster.list("Pod", namespace):
            name = one["metadata"]["name"]
            if one["spec"]["containers"][0]["image"].endswith(":2") and name not in changed:
                changed.append(name)
    assert changed == ["redis-2", "redis-1", "redis-0"]


def test_pods_stay_where_they_may(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    """A drained node takes no pods, and one too many for the anti-affinity waits."""
    double.add_nodes("a", "b", "c")
    cluster.patch("Node", "", "c", {"spec": {"unschedulable": True}}, "strategic-merge")
    cluster.create(workload("StatefulSet", "redis", 3, APART, podManagementPolicy="Parallel"), namespace)
    double.settle()
    there = placed(cluster, namespace)
    assert sorted(there.values()) == ["", "a", "b"]
    waiting = next(name for name, node in there.items() if not node)
    conditions = cluster.read("Pod", namespace, waiting).body["status"]["conditions"]
    assert ("PodScheduled", "False", "Unschedulable") in {
        (one["type"], one["status"], one.get("reason")) for one in conditions
    }
    cluster.patch("Node", "", "c", {"spec": {"unschedulable": None}}, "strategic-merge")
    double.settle()
    assert placed(cluster, namespace)[waiting] == "c"


def test_a_node_has_only_so_much_room(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    double.add_nodes("a", cpu="2")
    greedy = [container(resources={"requests": {"cpu": "900m"}})]
    cluster.create(workload("Deployment", "web", 3, {"containers": greedy}), namespace)
    double.settle()
    assert sorted(placed(cluster, namespace).values()) == ["", "a", "a"]


def test_a_quota_stops_a_deployment_that_the_api_took(
    cluster: Cluster, double: KubernetesDouble, namespace: str
) -> None:
    """The trap: the object is there, `changed` was said, and no pod comes."""
    double.add_nodes("a")
    spec = {"hard": {"requests.cpu": "1"}}
    cluster.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "all"}, "spec": spec}, namespace)
    assert cluster.create(workload("Deployment", "web", 2), namespace).status == 201
    double.settle()
    assert placed(cluster, namespace) == {}
    conditions = cluster.list("ReplicaSet", namespace)[0]["status"]["conditions"]
    assert conditions[0]["type"] == "ReplicaFailure" and "must specify requests.cpu" in conditions[0]["message"]


def test_daemons_are_on_every_node(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    double.add_nodes("a", "b")
    cluster.patch("Node", "", "b", {"spec": {"unschedulable": True}}, "strategic-merge")
    daemon = workload("Deployment", "agent")
    daemon["kind"] = "DaemonSet"
    daemon["spec"].pop("replicas")
    double.create("DaemonSet", daemon, namespace)
    double.settle()
    assert sorted(placed(cluster, namespace).values()) == ["a", "b"]
    assert cluster.list("Pod", namespace)[0]["metadata"]["ownerReferences"][0]["kind"] == "DaemonSet"


def test_what_an_owner_leaves_goes_too(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    double.add_nodes("a")
    cluster.create(workload("Deployment", "web", 2), namespace)
    double.settle()
    cluster.delete("Deployment", namespace, "web")
    assert len(cluster.list("Pod", namespace)) == 2, "in the background"
    double.settle()
    assert cluster.list("ReplicaSet", namespace) == cluster.list("Pod", namespace) == []
    cluster.create(workload("Deployment", "web", 2), namespace)
    double.settle()
    cluster.delete("Deployment", namespace, "web", propagationPolicy="Foreground")
    assert cluster.read("Deployment", namespace, "web").body["metadata"]["deletionTimestamp"]
    double.settle()
    assert cluster.read("Deployment", namespace, "web").status == 404 and cluster.list("Pod", namespace) == []
    cluster.create(workload("Deployment", "web", 2), namespace)
    double.settle()
    cluster.delete("Deployment", namespace, "web", propagationPolicy="Orphan")
    double.settle()
    assert len(cluster.list("Pod", namespace)) == 2


def test_a_namespace_takes_all_with_it(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    cluster.create(config_map("a"), namespace)
    assert cluster.delete("Namespace", "", namespace).body["status"]["phase"] == "Terminating"
    refused = cluster.create(config_map("b"), namespace)
    assert refused.status == 403 and "because it is being terminated" in refused.message
    double.settle()
    assert cluster.read("Namespace", "", namespace).status == 404 and cluster.list("ConfigMap", namespace) == []


def test_the_controllers_can_run_by_themselves(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    double.add_nodes("a")
    with double.running():
        cluster.create(workload("Deployment", "web", 2), namespace)
        until = time.monotonic() + 20
        while cluster.read("Deployment", namespace, "web").body.get("status", {}).get("readyReplicas") != 2:
            assert time.monotonic() < until
            time.sleep(0.02)
