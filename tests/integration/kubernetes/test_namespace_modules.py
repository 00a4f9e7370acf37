"""The modules k8s_namespace and k8s_guard_set: what is ours goes, what belongs to others stays."""

from __future__ import annotations

from typing import Any

from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import budget, config_map, workload
from integration.kubernetes.modules import run_module
from kubernetes_double import KubernetesDouble

LEVEL = "pod-security.kubernetes.io/enforce"


def labels(cluster: Cluster, name: str) -> dict[str, str]:
    return cluster.read("Namespace", "", name).body["metadata"]["labels"]


def keep(cluster: Cluster, name: str, **options: Any) -> dict[str, Any]:
    answer = run_module("k8s_namespace", cluster, name=name, **options)
    assert not answer["failed"], answer
    return answer


def test_a_namespace_that_was_there_loses_our_labels_only(cluster: Cluster, namespace: str) -> None:
    cluster.patch("Namespace", "", namespace, {"metadata": {"labels": {"theirs": "x"}}})
    before = labels(cluster, namespace)
    assert keep(cluster, namespace, labels={LEVEL: "baseline", "a": "b"})["changed"]
    assert not keep(cluster, namespace, labels={LEVEL: "baseline", "a": "b"})["changed"]
    assert keep(cluster, namespace, labels={LEVEL: "restricted"})["labels"] == {LEVEL: "restricted", "a": None}
    assert labels(cluster, namespace) == {**before, LEVEL: "restricted"}
    gone = keep(cluster, namespace, state="absent")
    assert gone["kept"] == "it was there before" and gone["labels"] == {LEVEL: None}
    assert labels(cluster, namespace) == before
    assert not keep(cluster, namespace, state="absent")["changed"]


def test_a_namespace_of_ours_stays_while_others_have_something_in_it(cluster: Cluster, double: KubernetesDouble) -> None:
    double.forget_log()
    assert keep(cluster, "shop", check=True)["created"] and double.changes() == []
    assert keep(cluster, "shop")["created"]
    cluster.create(config_map("settings"), "shop")
    cluster.create(config_map("ours", labels={"ours": "1"}), "shop")
    assert keep(cluster, "shop", state="absent")["kept"] == "there is ConfigMap ours, ConfigMap settings"
    cluster.delete("ConfigMap", "shop", "settings")
    assert keep(cluster, "shop", state="absent", leaving=["ours=2"], check=True)["kept"] == "there is ConfigMap ours"
    assert keep(cluster, "shop", state="absent", leaving=["ours=1"], check=True)["removed"]
    assert cluster.read("Namespace", "", "shop").status == 200
    assert keep(cluster, "shop", state="absent", force=True)["removed"]
    double.settle()
    assert cluster.read("Namespace", "", "shop").status == 404
    assert not keep(cluster, "shop", state="absent")["changed"]


def test_what_is_on_its_way_out_keeps_no_namespace(cluster: Cluster, double: KubernetesDouble) -> None:
    assert keep(cluster, "shop")["created"]
    going = config_map("going")
    going["metadata"]["finalizers"] = ["omnimind.test/kept"]
    cluster.create(going, "shop")
    assert keep(cluster, "shop", state="absent")["kept"] == "there is ConfigMap going"
    cluster.delete("ConfigMap", "shop", "going")
    assert keep(cluster, "shop", state="absent")["removed"]
    cluster.patch("ConfigMap", "shop", "going", {"metadata": {"finalizers": None}})
    double.settle()
    assert cluster.read("Namespace", "", "shop").status == 404


def test_a_set_of_budgets_leaves_those_of_others(cluster: Cluster, namespace: str) -> None:
    def kept(*definitions: Any, **options: Any) -> dict[str, Any]:
        return run_module("k8s_guard_set", cluster, namespace=namespace, definitions=list(definitions), **options)

    cluster.create(budget("theirs", maxUnavailable=1), namespace)
    assert kept(budget("a", maxUnavailable=1), budget("b", maxUnavailable=1))["created"] == [
        "PodDisruptionBudget a", "PodDisruptionBudget b",
    ]  # fmt: skip
    cluster.patch("PodDisruptionBudget", namespace, "a", {"spec": {"maxUnavailable": 7}})
    foreseen = kept(budget("a", maxUnavailable=1), check=True)
    done = kept(budget("a", maxUnavailable=1))
    assert done["replaced"] == ["PodDisruptionBudget a"] and done["removed"] == ["PodDisruptionBudget b"]
    assert foreseen["diff"] == done["diff"] and not kept(budget("a", maxUnavailable=1))["changed"]
    assert "adopt: PodDisruptionBudget" in kept(budget("theirs", maxUnavailable=2))["msg"]
    misspelt = kept(budget("a", maxUnavailble=1))
    assert misspelt["failed"] and "is it maxUnavailable?" in misspelt["msg"]
    assert kept(state="absent")["removed"] == ["PodDisruptionBudget a"]
    assert cluster.names("PodDisruptionBudget", namespace) == ["theirs"]


def test_budgets_that_are_supposed_to_be_gone(cluster: Cluster, namespace: str) -> None:
    """One that gives way to another does not share its pods with it."""
    cluster.create(budget("former", maxUnavailable=1), namespace)
    cluster.create(workload("Deployment", "web", 0), namespace)
    given = {**budget("new", maxUnavailable=1), "metadata": {"name": "new", "namespace": namespace}}
    asked = {"source": "both", "namespaces": [namespace], "definitions": [given]}
    codes = [
        {one["code"] for one in run_module("k8s_pdb_info", cluster, **asked, absent=absent)["problems"]}
        for absent in ([], [f"PodDisruptionBudget {namespace}/former"])
    ]
    assert "two_budgets" in codes[0] and "two_budgets" not in codes[1]


def test_a_set_that_the_api_writes_in_its_own_way_is_as_wanted(cluster: Cluster, namespace: str) -> None:
    """It gives labels back in the order of their names, and amounts in their shortest form."""
    selector = {"matchLabels": {"tier": "front", "app": "web"}}
    definitions = [
        {**budget("web"), "spec": {"selector": selector, "maxUnavailable": 1}},
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "all"},
            "spec": {"hard": {"requests.cpu": "1000m", "pods": "10"}},
        },
    ]
    changed = [
        run_module("k8s_guard_set", cluster, namespace=namespace, definitions=definitions)["changed"] for _time in "12"
    ]
    assert changed == [True, False]
