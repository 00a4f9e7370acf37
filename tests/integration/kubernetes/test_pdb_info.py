"""The module k8s_pdb_info: budgets of a cluster, of manifests, and of a cluster as it would be with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from integration.kubernetes.cluster import Cluster, Object
from integration.kubernetes.manifests import budget, service, workload
from integration.kubernetes.modules import run_module
from kubernetes_double import READER_TOKEN, KubernetesDouble

ALWAYS = {"unhealthyPodEvictionPolicy": "AlwaysAllow"}


def ask(cluster: Cluster | None = None, **options: Any) -> dict[str, Any]:
    return run_module("k8s_pdb_info", cluster, **options)


def codes(answer: dict[str, Any]) -> list[str]:
    return sorted(one["code"] for one in answer["problems"])


@pytest.fixture
def shop(double: KubernetesDouble) -> KubernetesDouble:
    """Three Ready pods of which one may go, in default; a budget that matches nothing, in kube-public."""
    double.add_nodes("a", "b")
    double.create("Deployment", workload("Deployment", "web", 3), "default")
    double.create("PodDisruptionBudget", budget("web", maxUnavailable=1, **ALWAYS), "default")
    double.create("PodDisruptionBudget", budget("lost", minAvailable=1, **ALWAYS), "kube-public")
    double.settle()
    double.forget_log()
    return double


def test_budgets_of_a_cluster(cluster: Cluster, shop: KubernetesDouble) -> None:
    answer = ask(cluster)
    assert answer["changed"] is False and answer["healthy"] is False
    assert codes(answer) == ["budget_matches_nothing"]
    assert answer["problems"][0]["objects"] == ["PodDisruptionBudget kube-public/lost"]
    found = {one["name"]: one for one in answer["budgets"]}
    web = found["web"]
    assert (web["expected"], web["healthy"], web["desired"], web["allowed"], web["blocks"]) == (3, 3, 2, 1, False)
    assert len(web["pods"]) == 3 and web["bound"] == "maxUnavailable 1"
    assert (found["lost"]["pods"], found["lost"]["allowed"]) == ([], 0)
    assert shop.changes() == []


def test_headroom_is_that_of_now(cluster: Cluster, shop: KubernetesDouble) -> None:
    shop.hold(shop.list("Pod", "default")[0]["metadata"]["name"])
    shop.settle()
    answer = ask(cluster, namespaces=["default"])
    assert answer["healthy"] is True and codes(answer) == []
    (web,) = answer["budgets"]
    assert (web["healthy"], web["allowed"], web["blocks"]) == (2, 0, True)
    status = shop.get("PodDisruptionBudget", "web", "default")
    assert status is not None and status["status"]["disruptionsAllowed"] == web["allowed"]


def test_the_answer_can_be_a_failure(cluster: Cluster, shop: KubernetesDouble) -> None:
    assert ask(cluster, namespaces=["default"], fail_on="warning")["failed"] is False
    failed = ask(cluster, fail_on="error")
    assert failed["failed"] is True and failed["msg"] == failed["problems"][0]["message"]
    assert len(failed["budgets"]) == 2
    shop.create("StatefulSet", workload("StatefulSet", "store", 2), "default")
    shop.settle()
    assert ask(cluster, namespaces=["default"], fail_on="error")["failed"] is False
    failed = ask(cluster, namespaces=["default"], fail_on="warning")
    assert failed["failed"] is True and codes(failed) == ["no_budget"]


def test_definitions_alone_need_no_cluster() -> None:
    """The plan's own budget: one that blocks every drain."""
    some = [workload("Deployment", "web", 1), budget("web", minAvailable=1, **ALWAYS), service("web")]
    answer = ask(definitions=some)
    assert codes(answer) == ["budget_zero", "single_replica"]
    (web,) = answer["budgets"]
    assert (web["pods"], web["healthy"], web["allowed"], web["blocks"]) == (["web-0"], 1, 0, True)
    assert answer["ignored"] == ["Service default/web"]


def test_a_cluster_as_it_would_be(cluster: Cluster, shop: KubernetesDouble) -> None:
    def there(manifest: Object) -> Object:
        return {**manifest, "metadata": {**manifest["metadata"], "namespace": "default"}}

    tight = there(budget("web", minAvailable=3, **ALWAYS))
    answer = ask(cluster, source="both", definitions=[tight], namespaces=["default"])
    assert codes(answer) == ["budget_zero"] and answer["budgets"][0]["blocks"] is True
    more = [there(workload("StatefulSet", "store", 2)), there(budget("store", "store", minAvailable=1, **ALWAYS))]
    answer = ask(cluster, source="both", definitions=more, namespaces=["default"])
    assert codes(answer) == []
    found = {one["name"]: one for one in answer["budgets"]}
    assert (found["store"]["pods"], found["store"]["allowed"]) == (["store-0", "store-1"], 1)
    assert len(found["web"]["pods"]) == 3 and found["web"]["allowed"] == 1
    assert shop.changes() == [] and shop.get("StatefulSet", "store", "default") is None


def test_a_dump_of_a_cluster_has_its_pods(shop: KubernetesDouble) -> None:
    kinds = ("Deployment", "ReplicaSet", "Pod", "PodDisruptionBudget")
    dump = [one for kind in kinds for one in shop.list(kind, "default")]
    (web,) = ask(definitions=dump)["budgets"]
    assert (len(web["pods"]), web["allowed"]) == (3, 1)


def test_quorums() -> None:
    some = [workload("StatefulSet", "redis", 6), budget("redis", "redis", maxUnavailable=2, **ALWAYS)]
    shards = [["redis-0", "redis-3"], ["redis-1", "redis-4"], ["redis-2", "redis-5"]]
    answer = ask(definitions=some, quorums=[{"workload": "redis", "shards": shards}])
    assert {"quorum_at_risk", "shard_at_risk"} <= set(codes(answer)) and answer["healthy"] is False
    assert ask(definitions=some)["healthy"] is True
    answer = ask(definitions=some, quorums=[{"workload": "redis"}])
    assert answer["healthy"] is True, "four of six are a majority"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"definitions": [{"kind": "Pod"}]}, "definitions[0]: object.metadata: it is missing"),
        ({"definitions": [budget("web"), budget("web")]}, "PodDisruptionBudget default/web is there twice"),
        (
            {"definitions": [budget("web", minAvailabel=1)]},
            "PodDisruptionBudget default/web: spec.minAvailabel: there is no such field; is it minAvailable?",
        ),
        ({"definitions": [budget("web", minAvailable="150%")]}, "spec.minAvailable: it is at most 100%, not 150%"),
        ({"definitions": [], "source": "live"}, "no way to a cluster"),
        ({"definitions": [budget("web")], "source": "live"}, "source: it is live, so that definitions"),
        ({"source": "definitions"}, "definitions: source is definitions, and there are none"),
        ({"source": "both"}, "definitions: source is both, and there are none"),
        (
            {"definitions": [workload("Deployment", "web")], "quorums": [{"workload": "wep"}]},
            "quorums: there is no workload 'default/wep'; there are default/web",
        ),
    ],
)
def test_bad_options(options: dict[str, Any], words: str) -> None:
    refused = ask(**options)
    assert refused["failed"] is True and words in refused["msg"], refused


def test_no_access(cluster: Cluster, shop: KubernetesDouble, tmp_path: Path) -> None:
    assert "namespaces: there is no 'shopp'" in ask(cluster, namespaces=["shopp"])["msg"]
    assert ask(cluster, kubeconfig=str(shop.kubeconfig(tmp_path / "reader", READER_TOKEN)))["failed"] is False
    shop.deny("list", "poddisruptionbudgets")
    refused = ask(cluster)
    assert "poddisruptionbudgets cannot be listed" in refused["msg"] and "user of api_key" in refused["msg"]
