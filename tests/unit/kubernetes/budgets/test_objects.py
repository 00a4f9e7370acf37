"""Pods, workloads and nodes, read as the API gives them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.metadata import Owner
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.nodes import (
    Node,
    choose_node,
    read_node,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.placement import Taint
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.pods import Pod, read_pod
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.workloads import read_workload
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError

from unit.kubernetes.budgets.making import manifest

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def read(spec: dict[str, Any] | None = None, status: dict[str, Any] | None = None, **metadata: Any) -> Pod:
    return read_pod(manifest("Pod", "web-0", metadata=metadata, spec=spec, status=status))


def test_pod() -> None:
    one = read(
        {"nodeName": "n1", "volumes": [{"name": "a", "configMap": {}}, {"name": "b", "emptyDir": {}}]},
        {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        labels={"app": "web"},
        ownerReferences=[{"kind": "Node", "name": "n1"}, {"kind": "ReplicaSet", "name": "web", "controller": True}],
    )
    assert one == Pod("shop", "web-0", "n1", {"app": "web"}, owner=Owner("ReplicaSet", "web"), local_storage=True)


@pytest.mark.parametrize(
    ("conditions", "ready"),
    [
        ([], False),
        ([{"type": "Ready", "status": "False"}], False),
        ([{"type": "Ready", "status": "Unknown"}], False),
        ([{"type": "ContainersReady", "status": "True"}], False),
        ([{"type": "Initialized", "status": "False"}, {"type": "Ready", "status": "True"}], True),
    ],
)
def test_pod_is_ready_by_its_condition(conditions: list[dict[str, str]], ready: bool) -> None:
    assert read(status={"conditions": conditions}).ready == ready


def test_pod_that_has_just_been_made() -> None:
    assert (read().phase, read().node, read().owner) == ("Pending", "", None)
    assert read(deletionTimestamp="2026-11-30T00:00:00Z").terminating
    assert read(annotations={"kubernetes.io/config.mirror": "x"}).mirror
    assert not read({"volumes": [{"name": "a", "emptyDir": None}]}).local_storage


@pytest.mark.parametrize(
    ("expendable", "kept"), [("", True), ("a", True), ("b,a", False), ("a, b", False), ("ab", True)]
)
def test_volumes_that_may_go(expendable: str, kept: bool) -> None:
    """Of a pod, and of what a workload makes by its template."""
    spec = {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}]}
    annotations = {"cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes": expendable}
    assert read(spec, annotations=annotations).local_storage == kept
    template = {"metadata": {"labels": {"app": "web"}, "annotations": annotations}, "spec": spec}
    made = read_workload(manifest("StatefulSet", "web", spec={"template": template})).pods()
    assert [one.local_storage for one in made] == [kept]


@pytest.mark.parametrize(
    ("replicas", "rolling", "unavailable", "surge"),
    [
        (4, None, 1, 1),
        (3, None, 0, 1),
        (1, {}, 0, 1),
        (10, {"maxUnavailable": "25%", "maxSurge": "25%"}, 2, 3),
        (3, {"maxUnavailable": 0}, 0, 1),
        (3, {"maxUnavailable": "100%"}, 3, 1),
        (3, {"maxUnavailable": 9, "maxSurge": "200%"}, 3, 6),
        # Both come to nothing: one must go.
        (3, {"maxUnavailable": "1%", "maxSurge": 0}, 1, 0),
        (0, {"maxUnavailable": 1}, 0, 0),
    ],
)
def test_roll_out_of_a_deployment(replicas: int, rolling: Any, unavailable: int, surge: int) -> None:
    spec = {"replicas": replicas, "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}
    read = read_workload(manifest("Deployment", "web", spec=spec))
    assert (read.unavailable, read.surge) == (unavailable, surge)


@pytest.mark.parametrize(
    ("kind", "spec", "unavailable"),
    [
        ("Deployment", {"replicas": 3, "strategy": {"type": "Recreate"}}, 3),
        ("StatefulSet", {"replicas": 3}, 1),
        ("StatefulSet", {"replicas": 6, "updateStrategy": {"rollingUpdate": {"maxUnavailable": "50%"}}}, 3),
        ("StatefulSet", {"replicas": 6, "updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}}}, 1),
        ("StatefulSet", {"replicas": 3, "updateStrategy": {"type": "OnDelete"}}, 0),
        ("StatefulSet", {"replicas": 6, "updateStrategy": {"rollingUpdate": {"maxUnavailable": 3, "partition": 4}}}, 2),
        ("StatefulSet", {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 5}}}, 0),
        ("DaemonSet", {}, 0),
        ("ReplicaSet", {"replicas": 3}, 0),
    ],
)
def test_roll_out_of_others(kind: str, spec: dict[str, Any], unavailable: int) -> None:
    assert read_workload(manifest(kind, "web", spec=spec)).unavailable == unavailable


@pytest.mark.parametrize(("policy", "ordered"), [(None, True), ("OrderedReady", True), ("Parallel", False)])
def test_order_of_a_stateful_set(policy: str | None, ordered: bool) -> None:
    assert read_workload(manifest("StatefulSet", "web", spec={"podManagementPolicy": policy})).ordered == ordered
    assert not read_workload(manifest("Deployment", "web")).ordered


def test_workload_makes_pods_like_its_template() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"volumes": [{"name": "a", "emptyDir": {}}]}}
    read = read_workload(manifest("StatefulSet", "web", spec={"replicas": 2, "template": template}))
    assert [(one.name, one.labels, one.owner, one.local_storage, one.healthy) for one in read.pods()] == [
        (f"web-{number}", {"app": "web"}, Owner("StatefulSet", "web"), True, True) for number in (0, 1)
    ]
    assert read_workload(manifest("DaemonSet", "agent", spec={"replicas": 3})).replicas is None


@pytest.mark.parametrize(
    ("kind", "spec", "complaint"),
    [
        ("Deployment", {"replicas": "3"}, "spec.replicas: it is a number from 0 to 2147483647, not '3'"),
        ("Deployment", {"strategy": {"type": "Rolling"}}, "spec.strategy.type: it is RollingUpdate or Recreate, not"),
        ("Deployment", {"strategy": {"rollingUpdate": {"maxSurg": 1}}}, "spec.strategy.rollingUpdate.maxSurg: there"),
        (
            "Deployment",
            {"strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": "0%"}}},
            "spec.strategy.rollingUpdate.maxUnavailable: it must not be 0 when maxSurge is 0",
        ),
        ("StatefulSet", {"updateStrategy": {"type": "Recreate"}}, "spec.updateStrategy.type: it is RollingUpdate or"),
        (
            "Deployment",
            {"strategy": {"rollingUpdate": {"maxUnavailable": "101%"}}},
            "spec.strategy.rollingUpdate.maxUnavailable: it is at most 100%, not 101%",
        ),
        (
            "StatefulSet",
            {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 0}}},
            "spec.updateStrategy.rollingUpdate.maxUnavailable: it must not be 0: nothing could be replaced",
        ),
        ("StatefulSet", {"podManagementPolicy": "Serial"}, "spec.podManagementPolicy: it is OrderedReady or Parallel"),
        ("StatefulSet", {"template": {"metadata": {"labels": {"a": 1}}}}, "spec.template.metadata.labels.a: a label"),
    ],
)  # fmt: skip
def test_workload_is_refused_by_the_path_of_the_field(kind: str, spec: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read_workload(manifest(kind, "web", spec=spec))
    assert refused.value.message.startswith(f"{kind} shop/web: {complaint}")


# --- where a pod may run -------------------------------------------------------------------------


def test_node() -> None:
    read = read_node(
        manifest(
            "Node", "n1", metadata={"labels": {"disk": "fast"}},
            spec={"unschedulable": True, "taints": [{"key": "gpu", "effect": "NoSchedule"}]},
            status={
                "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "True"}],
                "allocatable": {"memory": "1Gi"},
            },
        )
    )  # fmt: skip
    assert read == Node(
        "n1", {"disk": "fast"}, cordoned=True, ready=True, taints=(Taint("gpu"),), room={"memory": 2**30}
    )
    assert not read_node(manifest("Node", "n2")).ready


def asking(cpu: str) -> dict[str, Any]:
    return {"containers": [{"name": "main", "resources": {"requests": {"cpu": cpu}}}]}


def affinity(kind: str, term: dict[str, Any]) -> dict[str, Any]:
    terms = {"nodeSelectorTerms": [term]} if kind == "nodeAffinity" else [term]
    return {"affinity": {kind: {REQUIRED: terms}}}


@pytest.mark.parametrize(
    ("spec", "node", "reason"),
    [
        ({}, Node("n1"), ""),
        ({}, Node("n1", cordoned=True), "n1 is cordoned"),
        ({}, Node("n1", ready=False), "n1 is not ready"),
        ({"nodeSelector": {"disk": "fast"}}, Node("n1", {"disk": "fast"}), ""),
        ({"nodeSelector": {"disk": "fast"}}, Node("n1", {"disk": "slow"}), "n1 has no label disk=fast"),
        ({}, Node("n1", taints=(Taint("gpu"),)), "n1 has the taint gpu:NoSchedule"),
        ({}, Node("n1", taints=(Taint("gpu", effect="PreferNoSchedule"),)), ""),
        ({"tolerations": [{"operator": "Exists"}]}, Node("n1", taints=(Taint("gpu"),)), ""),
        ({"tolerations": [{"key": "gpu", "value": "a"}]}, Node("n1", taints=(Taint("gpu", "a"),)), ""),
        (
            {"tolerations": [{"key": "gpu", "value": "b"}]},
            Node("n1", taints=(Taint("gpu", "a"),)),
            "n1 has the taint gpu:NoSchedule",
        ),
        (
            {"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoExecute"}]},
            Node("n1", taints=(Taint("gpu"),)),
            "n1 has the taint gpu:NoSchedule",
        ),
        (
            affinity("nodeAffinity", {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}),
            Node("n1", {"zone": "a"}),
            "",
        ),
        (
            affinity("nodeAffinity", {"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}),
            Node("n1", {"zone": "a"}),
            "n1 does not meet the node affinity",
        ),
        (affinity("nodeAffinity", {}), Node("n1"), "n1 does not meet the node affinity"),
        (
            affinity("nodeAffinity", {"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["4"]}]}),
            Node("n1"),
            "n1 does not meet the node affinity",
        ),
        (
            affinity("podAntiAffinity", {"topologyKey": "kubernetes.io/hostname", "labelSelector": {}}),
            Node("n1"),
            "n1 has shop/old, which it must not be beside",
        ),
        (
            affinity("podAntiAffinity", {"topologyKey": "zone", "labelSelector": {}}),
            Node("n1", {"zone": "a"}),
            "n1 has shop/old, which it must not be beside",
        ),
        # A node without the label is nowhere, so nothing is beside it; an absent selector selects nothing.
        (affinity("podAntiAffinity", {"topologyKey": "zone", "labelSelector": {}}), Node("n1"), ""),
        (affinity("podAntiAffinity", {"topologyKey": "kubernetes.io/hostname"}), Node("n1"), ""),
        (
            affinity(
                "podAntiAffinity",
                {"topologyKey": "kubernetes.io/hostname", "labelSelector": {}, "namespaces": ["elsewhere"]},
            ),
            Node("n1"),
            "",
        ),
        (asking("500m"), Node("n1", room={"cpu": Fraction(1, 2), "pods": Fraction(2)}), ""),
        (
            asking("501m"),
            Node("n1", room={"cpu": Fraction(1, 2)}),
            "n1 has 500m of cpu left, and 501m is wanted",
        ),
        ({}, Node("n1", room={"pods": Fraction(1)}), "n1 has 0 of pods left, and 1 is wanted"),
        ({}, Node("n1", room={"cpu": Fraction()}), ""),
    ],
)
def test_whether_a_node_takes_a_pod(spec: dict[str, Any], node: Node, reason: str) -> None:
    assert choose_node(read(spec), [node], [Pod("shop", "old", "n1")]) == ("" if reason else "n1", reason)


def test_a_pod_is_kept_away_by_one_that_minds_it() -> None:
    """Anti-affinity counts in both directions, also over two nodes of one zone."""
    shy = read(affinity("podAntiAffinity", {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "x"}}}))
    there = Pod("shop", "shy", "n1", placement=shy.placement)
    nodes = [Node("n1", {"zone": "a"}), Node("n2", {"zone": "a"}), Node("n3", {"zone": "b"})]
    assert choose_node(Pod("shop", "new", labels={"app": "x"}), nodes, [there]) == ("n3", "")
    assert choose_node(Pod("shop", "new", labels={"app": "y"}), nodes, [there]) == ("n2", "")


def test_room_is_what_the_pods_of_a_node_leave() -> None:
    """What has finished has left."""
    node = Node("n1", room={"cpu": Fraction(2)})
    held = [Pod("a", "1", "n1", requests={"cpu": Fraction(1)}), Pod("a", "2", "n2", requests={"cpu": Fraction(1)})]
    done = Pod("a", "3", "n1", phase="Failed", requests={"cpu": Fraction(1)})
    assert choose_node(read(asking("1")), [node], [*held, done]) == ("n1", "")
    assert choose_node(read(asking("1001m")), [node], [*held, done])[0] == ""


def test_the_emptiest_node_is_taken() -> None:
    held = [Pod("a", "1", "n1"), Pod("a", "2", "n2"), Pod("a", "3", "n2", phase="Succeeded"), Pod("a", "4")]
    assert choose_node(Pod("a", "5"), [Node("n2"), Node("n1")], held) == ("n1", "")
    assert choose_node(Pod("a", "5"), [Node("n2"), Node("n1"), Node("n3")], held) == ("n3", "")
    assert choose_node(Pod("a", "5"), [], held) == ("", "there is no node")
