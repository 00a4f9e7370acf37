"""The module k8s_config_revision: configuration in ConfigMaps that are named by what is in them."""

from __future__ import annotations

from typing import Any

from integration.kubernetes.cluster import Cluster
from integration.kubernetes.modules import run_module
from kubernetes_double import KubernetesDouble

ALL = "omnimind.platform/config"


def revise(cluster: Cluster, namespace: str, text: str = "1", check: bool = False, **more: Any) -> dict[str, Any]:
    options = {"namespace": namespace, "name": "web", "data": {"web.conf": text}, **more}
    return run_module("k8s_config_revision", cluster, check, **options)


def names(cluster: Cluster, namespace: str) -> list[str]:
    return cluster.names("ConfigMap", namespace, labelSelector=ALL)


def test_a_revision_is_made_once(cluster: Cluster, namespace: str) -> None:
    rehearsed = revise(cluster, namespace, check=True, labels={"app": "web"})
    assert rehearsed["changed"] is True and names(cluster, namespace) == []
    made = revise(cluster, namespace, labels={"app": "web"})
    assert {key: made[key] for key in ("changed", "config_map", "removed", "diff")} == {
        key: rehearsed[key] for key in ("changed", "config_map", "removed", "diff")
    }
    assert made["diff"][0]["after"] == "1"
    found = cluster.read("ConfigMap", namespace, made["config_map"]).body
    assert found["immutable"] is True and found["data"] == {"web.conf": "1"}
    assert found["metadata"]["labels"] == {"app": "web", ALL: "web"}
    again = revise(cluster, namespace, labels={"app": "web"})
    assert (again["changed"], again["config_map"], again["diff"]) == (False, made["config_map"], [])


def test_the_newest_and_what_is_referred_to_stay(cluster: Cluster, namespace: str) -> None:
    first = revise(cluster, namespace, "0")["config_map"]
    spec = {
        "containers": [{"name": "web", "image": "web:1", "envFrom": [{"configMapRef": {"name": first}}]}],
    }
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": spec}
    body = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "web"},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
    }
    assert cluster.create(body, namespace).status == 201
    revise(cluster, namespace, "1", name="other")
    for count in range(1, 4):
        revise(cluster, namespace, str(count), keep=9)
    foreseen = revise(cluster, namespace, "4", check=True, keep=1)["removed"]
    assert len(foreseen) == 3 and len(names(cluster, namespace)) == 5
    last = revise(cluster, namespace, "4", keep=1)
    assert last["removed"] == foreseen
    left = {one.rsplit("-", 1)[0] for one in names(cluster, namespace)}
    assert len(names(cluster, namespace)) == 3 and left == {"web", "other"} and first in names(cluster, namespace)
    assert revise(cluster, namespace, "4", keep=1)["changed"] is False
    assert cluster.delete("ReplicaSet", namespace, "web").status == 200
    assert revise(cluster, namespace, "4", keep=1)["removed"] == [first]


def test_all_of_them_go(cluster: Cluster, namespace: str) -> None:
    made = revise(cluster, namespace)["config_map"]
    absent = {"namespace": namespace, "name": "web", "state": "absent"}
    assert run_module("k8s_config_revision", cluster, True, **absent)["removed"] == [made]
    assert run_module("k8s_config_revision", cluster, **absent)["removed"] == [made]
    assert names(cluster, namespace) == []
    assert run_module("k8s_config_revision", cluster, **absent)["changed"] is False


def test_a_namespace_that_is_not_there_is_no_matter_in_check_mode_only(cluster: Cluster) -> None:
    assert revise(cluster, "omnimind-not-yet", check=True)["changed"] is True
    assert "omnimind-not-yet" in revise(cluster, "omnimind-not-yet")["msg"]


def test_a_rehearsal_sends_no_change(cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    revise(cluster, namespace, "0")
    double.forget_log()
    revise(cluster, namespace, "1", check=True, keep=1)
    assert double.changes() == []
    assert {one.method for one in double.log if one.rehearses} == {"POST", "DELETE"}


def test_what_is_wrong_is_said_before_anything_is_asked(cluster: Cluster, namespace: str) -> None:
    assert "keep: " in revise(cluster, namespace, keep=0)["msg"]
    assert "data: web.conf is a text" in revise(cluster, namespace, data={"web.conf": {"a": 1}})["msg"]
    assert "missing: data" in run_module("k8s_config_revision", cluster, namespace=namespace, name="web")["msg"]
    assert names(cluster, namespace) == []


def test_another_with_its_name_is_refused(cluster: Cluster, namespace: str) -> None:
    name = revise(cluster, namespace, check=True)["config_map"]
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"web.conf": "x"}}
    assert cluster.create(body, namespace).status == 201
    assert "holds something else" in revise(cluster, namespace)["msg"]
