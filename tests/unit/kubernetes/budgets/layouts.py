"""Clusters at random, by a seed: every form of workload, budget, pod and node there is a rule for."""

from __future__ import annotations

import random
from typing import Any

Manifest = dict[str, Any]
NAMESPACES = ("shop", "tools")
READY = [{"type": "Ready", "status": "True"}]


def layout(seed: int, ordered: bool = True) -> dict[str, list[Manifest]]:
    """Some of its StatefulSets make their pods in order, if any may."""
    dice = random.Random(seed)
    nodes = [_node(dice, number) for number in range(dice.randint(3, 6))]
    workloads: list[Manifest] = []
    pods: list[Manifest] = []
    for namespace in NAMESPACES:
        for number in range(dice.randint(1, 4)):
            _add_app(dice, namespace, f"app{number}", nodes, workloads, pods)
    for workload in workloads:
        if workload["kind"] == "StatefulSet" and (dice.random() < 0.5 or not ordered):
            workload["spec"]["podManagementPolicy"] = "Parallel"
    return {"nodes": nodes, "workloads": workloads, "pods": pods, "budgets": _budgets(dice)}


def _thing(kind: str, namespace: str, name: str, **fields: Any) -> Manifest:
    metadata = {"namespace": namespace, "name": name, "labels": {}, **fields.pop("metadata", {})}
    return {"kind": kind, "metadata": metadata, "spec": {}, **fields}


def _node(dice: random.Random, number: int) -> Manifest:
    node = _thing("Node", "default", f"n{number}", status={"conditions": READY if dice.random() < 0.9 else []})
    node["metadata"]["labels"] = {"disk": dice.choice(["fast", "slow"])}
    if dice.random() < 0.5:
        node["status"]["allocatable"] = {"cpu": str(dice.randint(2, 4)), "pods": "9"}
    if dice.random() < 0.1:
        node["spec"]["unschedulable"] = True
    if dice.random() < 0.1:
        node["spec"]["taints"] = [{"key": "special", "effect": "NoSchedule"}]
    return node


def _add_app(
    dice: random.Random,
    namespace: str,
    app: str,
    nodes: list[Manifest],
    workloads: list[Manifest],
    pods: list[Manifest],
) -> None:
    kind = dice.choice(["Deployment"] * 5 + ["StatefulSet"] * 5 + ["DaemonSet", "Job", "bare"])
    replicas = dice.randint(1, 5)
    request = {"cpu": f"{dice.choice([100, 500, 900])}m"}
    spec: Manifest = {"containers": [{"name": "main", "resources": {"requests": request}}]}
    if dice.random() < 0.3:
        spec["nodeSelector"] = {"disk": "fast"}
    if dice.random() < 0.4:
        term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": app}}}
        spec["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    owner = {"kind": kind, "name": app, "controller": True}
    scale = {} if kind in ("DaemonSet", "Job") else {"replicas": replicas}
    if kind != "bare":
        workloads.append(_thing(kind, namespace, app, spec=scale))
    if kind == "Deployment":
        owner = {"kind": "ReplicaSet", "name": f"{app}-hash", "controller": True}
        above = {"ownerReferences": [{"kind": kind, "name": app, "controller": True}]}
        workloads.append(_thing("ReplicaSet", namespace, f"{app}-hash", spec=dict(scale), metadata=above))
    # Now and then more or fewer than wanted.
    for number in range(replicas + dice.choice([0] * 8 + [1, -1])):
        pod = _thing("Pod", namespace, f"{app}-{number}", spec=dict(spec), status=_state(dice))
        pod["metadata"]["labels"] = {"app": app, "tier": dice.choice(["front", "back"])}
        pod["metadata"]["ownerReferences"] = [] if kind == "bare" else [owner]
        # Crowded on the first nodes, which are drained: one budget has several pods there.
        pod["spec"]["nodeName"] = dice.choice(nodes[:2] if dice.random() < 0.6 else nodes)["metadata"]["name"]
        if dice.random() < 0.06:
            pod["metadata"]["deletionTimestamp"] = "2026-11-30T00:00:00Z"
        if kind == "bare" and dice.random() < 0.2:
            pod["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "hash"}
        pods.append(pod)


def _state(dice: random.Random) -> Manifest:
    phase = dice.choices(["Running", "Pending", "Succeeded", "Failed"], [90, 4, 3, 3])[0]
    return {"phase": phase, "conditions": READY if phase == "Running" and dice.random() < 0.85 else []}


def _budgets(dice: random.Random) -> list[Manifest]:
    budgets = []
    for namespace in NAMESPACES:
        for number in range(4):
            if dice.random() < 0.75:
                labels = {"app": f"app{number}"}
                budgets.append(_thing("PodDisruptionBudget", namespace, f"app{number}", spec=_bound(dice, labels)))
        if dice.random() < 0.12:
            budgets.append(_thing("PodDisruptionBudget", namespace, "tier", spec=_bound(dice, {"tier": "front"})))
    for budget in budgets:
        budget["apiVersion"] = "policy/v1"
    return budgets


def _bound(dice: random.Random, labels: dict[str, str]) -> Manifest:
    spec: Manifest = {"selector": {"matchLabels": labels}}
    field = dice.choice(["minAvailable", "maxUnavailable"])
    spec[field] = dice.choice([1, 1, 1, 2, 0, "50%", "34%", "10%", "90%"])
    if dice.random() < 0.02:
        del spec[field]
    if dice.random() < 0.02:
        del spec["selector"]
    elif dice.random() < 0.02:
        spec["selector"] = {}
    if dice.random() < 0.6:
        spec["unhealthyPodEvictionPolicy"] = dice.choice(["AlwaysAllow", "AlwaysAllow", "IfHealthyBudget"])
    return spec
