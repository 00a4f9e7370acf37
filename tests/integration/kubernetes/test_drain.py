"""The module k8s_drain, against a double whose controllers work all the time."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import budget, pod, workload
from integration.kubernetes.modules import run_module
from kubernetes_double import READER_TOKEN, KubernetesDouble


def drain(cluster: Cluster, *nodes: str, check: bool = False, **options: Any) -> dict[str, Any]:
    return run_module("k8s_drain", cluster, check, **{"nodes": nodes, "interval": 0.05, "timeout": 20, **options})


def is_cordoned(double: KubernetesDouble, node: str) -> bool:
    found = double.get("Node", node)
    return bool(found and found["spec"].get("unschedulable"))


def pods_of(double: KubernetesDouble, node: str) -> list[str]:
    return [one["metadata"]["name"] for one in double.list("Pod") if one["spec"].get("nodeName") == node]


@pytest.fixture
def crowded(double: KubernetesDouble) -> KubernetesDouble:
    """Three pods of a StatefulSet on the node a, of which a budget lets one go; nothing on the node b."""
    double.add_nodes("a")
    double.create("StatefulSet", workload("StatefulSet", "web", 3, podManagementPolicy="Parallel"), "default")
    double.create("PodDisruptionBudget", budget("web", maxUnavailable=1), "default")
    double.settle()
    double.add_nodes("b")
    double.forget_log()
    return double


def test_refused_evictions_are_tried_again(cluster: Cluster, crowded: KubernetesDouble) -> None:
    rehearsed = drain(cluster, "a", check=True)
    assert rehearsed["changed"] is True and crowded.changes() == []
    assert all(one.method == "GET" or one.rehearses for one in crowded.log)
    assert not is_cordoned(crowded, "a")
    with crowded.running():
        done = drain(cluster, "a")
    assert done["failed"] is False, done
    assert [(one["round"], one["pod"]) for one in done["evictions"]] == [
        (1, "default/web-0"),
        (2, "default/web-1"),
        (3, "default/web-2"),
    ]
    assert done["evictions"] == rehearsed["evictions"] and done["diff"] == rehearsed["diff"]
    assert (done["changed"], done["cordoned"], done["blockers"]) == (True, ["a"], [])
    assert done["diff"]["after"] == {"a": {"cordoned": True, "pods": []}}
    assert pods_of(crowded, "b") == ["web-0", "web-1", "web-2"]
    assert 429 in [one.status for one in crowded.log], "the budget has refused"
    crowded.forget_log()
    again = drain(cluster, "a")
    assert (again["changed"], again["evictions"], again["cordoned"]) == (False, [], [])
    assert crowded.changes() == []


def test_what_blocks_is_told_before_anything_is_done(cluster: Cluster, crowded: KubernetesDouble) -> None:
    crowded.create("Deployment", workload("Deployment", "single", 1), "default")
    crowded.create("PodDisruptionBudget", budget("single", "single", minAvailable=1), "default")
    crowded.settle()
    (node,) = [one["spec"]["nodeName"] for one in crowded.list("Pod") if one["metadata"]["name"].startswith("single")]
    crowded.forget_log()
    refused = [drain(cluster, node, check=check) for check in (True, False)]
    assert refused[0] == refused[1]
    (blocker,) = refused[1]["blockers"]
    assert refused[1]["failed"] is True and refused[1]["changed"] is False
    assert (blocker["code"], blocker["budgets"]) == ("budget_zero", ["default/single"])
    assert "add a replica, or let default/single want fewer" in refused[1]["msg"]
    assert refused[1]["rehearsal"]["finished"] is False
    assert crowded.changes() == []


def test_a_drain_that_fails_is_put_right(cluster: Cluster, crowded: KubernetesDouble) -> None:
    """A budget that lets none go, though the drain is told to try: two evictions are done, and the third is not."""
    pinned = {"nodeSelector": {"kubernetes.io/hostname": "a"}}
    crowded.create("StatefulSet", workload("StatefulSet", "other", 1, pinned), "default")
    crowded.create("PodDisruptionBudget", budget("other", "other", minAvailable=1), "default")
    crowded.settle()
    with crowded.running():
        failed = drain(cluster, "a", on_blockers="try", timeout=4)
        assert failed["failed"] is True and failed["changed"] is True
        assert [one["pod"] for one in failed["evictions"]] == [f"default/web-{number}" for number in range(3)]
        assert (failed["cordoned"], failed["uncordoned"]) == ([], ["a"])
        assert failed["msg"].startswith("a is not drained within 4 seconds: default/other-0 stays: ")
        assert failed["msg"].endswith("Uncordoned again: a")
        assert failed["blockers"][0]["code"] == "budget_zero"
        assert not is_cordoned(crowded, "a")
        nothing = drain(cluster, "a", on_blockers="try", timeout=0.3)
        assert (nothing["failed"], nothing["changed"], nothing["evictions"]) == (True, False, [])
        left = drain(cluster, "a", on_blockers="try", timeout=0.3, on_failure="leave")
    assert (left["changed"], left["cordoned"], left["uncordoned"]) == (True, ["a"], [])
    assert left["msg"].endswith("Still cordoned: a") and is_cordoned(crowded, "a")
    crowded.create("Node", {"metadata": {"name": "c"}, "spec": {"unschedulable": True}})
    drain(cluster, "c", "a", on_blockers="try", timeout=0.3)
    assert is_cordoned(crowded, "a") and is_cordoned(crowded, "c"), "those of others stay cordoned"


def test_what_mends_itself_is_waited_for(cluster: Cluster, crowded: KubernetesDouble) -> None:
    crowded.hold("web-1")
    crowded.settle()
    assert drain(cluster, "a")["blockers"][0]["code"] == "not_ready"
    healing = threading.Timer(1, crowded.release, ["web-1"])
    healing.start()
    with crowded.running():
        done = drain(cluster, "a", on_blockers="try")
    healing.join()
    assert done["failed"] is False, done
    assert done["rehearsal"]["finished"] is False and pods_of(crowded, "a") == []


def test_a_successor_that_never_gets_ready_ends_the_drain(cluster: Cluster, double: KubernetesDouble) -> None:
    double.add_nodes("a", "b")
    double.create("Deployment", workload("Deployment", "web", 1), "default")
    double.settle()
    (node,) = [one["spec"]["nodeName"] for one in double.list("Pod")]
    failed = drain(cluster, node, timeout=0.3)
    assert (failed["failed"], failed["changed"], failed["uncordoned"]) == (True, True, [node])
    assert " is still going; ReplicaSet default/web-" in failed["msg"], "no controller works"
    double.settle()
    double.controllers.kubelets.ready_after = 10**6
    with double.running():
        failed = drain(cluster, "b" if node == "a" else "a", timeout=1)
    assert failed["failed"] is True and failed["blockers"] == []
    assert " has 0 pods that are Ready, of 1. Uncordoned again" in failed["msg"]


def test_pods_that_must_not_be_touched(cluster: Cluster, double: KubernetesDouble) -> None:
    double.add_nodes("a")
    daemon = workload("DaemonSet", "agent")
    del daemon["spec"]["replicas"]
    double.create("DaemonSet", daemon, "default")
    cache = {"volumes": [{"name": "cache", "emptyDir": {}}]}
    double.create("Deployment", workload("Deployment", "cached", 1, cache), "default")
    double.create("Pod", pod("bare", "bare", nodeSelector={}), "default")
    double.settle()
    double.add_nodes("b")
    double.forget_log()
    refused = drain(cluster, "a", on_blockers="try", ignore_daemon_sets=False)
    assert sorted(one["code"] for one in refused["blockers"]) == ["daemon_set", "local_storage", "no_controller"]
    assert refused["failed"] is True and double.changes() == []
    with double.running():
        done = drain(cluster, "a", delete_emptydir_data=True, delete_bare_pods=True, grace_period=7)
    assert done["failed"] is False, done
    assert done["rehearsal"]["lost"] == ["default/bare"]
    assert [name.split("-")[0] for name in pods_of(double, "a")] == ["agent"]
    evicted = [one.body for one in double.log if one.changes and one.path.endswith("/eviction")]
    assert [one["deleteOptions"]["gracePeriodSeconds"] for one in evicted] == [7, 7]
    assert all(one["deleteOptions"]["preconditions"]["uid"] for one in evicted)


def test_several_nodes_of_which_none_takes_the_others_pods(cluster: Cluster, crowded: KubernetesDouble) -> None:
    crowded.add_nodes("c")
    with crowded.running():
        done = drain(cluster, "a", "b")
    assert done["failed"] is False and done["cordoned"] == ["a", "b"]
    assert len(done["evictions"]) == 3 and pods_of(crowded, "c") == ["web-0", "web-1", "web-2"]


def test_cordons(cluster: Cluster, double: KubernetesDouble) -> None:
    double.add_nodes("a", "b")
    double.forget_log()
    rehearsed = drain(cluster, "a", "b", state="cordoned", check=True)
    assert double.changes() == [] and not is_cordoned(double, "a")
    done = drain(cluster, "a", "b", state="cordoned")
    assert rehearsed == done and (done["changed"], done["cordoned"]) == (True, ["a", "b"])
    assert is_cordoned(double, "a") and is_cordoned(double, "b")
    assert drain(cluster, "a", "b", state="cordoned")["changed"] is False
    open_again = drain(cluster, "b", state="uncordoned")
    assert (open_again["changed"], open_again["uncordoned"]) == (True, ["b"])
    assert not is_cordoned(double, "b") and is_cordoned(double, "a")
    assert drain(cluster, "b", state="uncordoned")["changed"] is False


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"nodes": ["a", "z"]}, "nodes: there is no 'z'; there are a"),
        ({"nodes": ["z"], "state": "cordoned"}, "nodes: there is no 'z'; there are a"),
        ({"nodes": []}, "nodes: it is a list of at least one name"),
        ({"timeout": -1}, "timeout: it is a number of seconds above 0, not -1"),
        ({"interval": 0}, "interval: it is a number of seconds above 0, not 0"),
        ({"grace_period": -5}, "grace_period: it must not be negative, as -5 is"),
    ],
)
def test_bad_options(cluster: Cluster, double: KubernetesDouble, options: dict[str, Any], words: str) -> None:
    double.add_nodes("a")
    double.forget_log()
    refused = run_module("k8s_drain", cluster, **{"nodes": ["a"], **options})
    assert refused["failed"] is True and words in refused["msg"], refused
    assert double.changes() == []


def test_no_access(cluster: Cluster, crowded: KubernetesDouble, tmp_path: Path) -> None:
    reader = crowded.kubeconfig(tmp_path / "reader", READER_TOKEN)
    crowded.forget_log()
    refused = drain(cluster, "a", kubeconfig=str(reader))
    assert refused["failed"] is True and "Node a cannot be changed" in refused["msg"]
    assert "Check what the user of api_key, client_cert, or of the context may do" in refused["msg"]
    crowded.deny("create", "pods/eviction")
    refused = drain(cluster, "a")
    assert "Pod default/web-2 cannot be evicted" in refused["msg"] and "user of api_key" in refused["msg"]
    crowded.deny("list", "poddisruptionbudgets")
    refused = drain(cluster, "a")
    assert "poddisruptionbudgets cannot be listed" in refused["msg"] and "api_key" in refused["msg"]
    assert crowded.changes() == [] and not is_cordoned(crowded, "a")
    assert "kubeconfig" in run_module("k8s_drain", nodes=["a"])["msg"]
