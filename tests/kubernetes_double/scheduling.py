"""The scheduler: puts each pod that has no node on one that it fits, the emptiest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from .kinds import BY_KIND
from .nodes import is_fit, set_condition
from .pods import is_finished, is_going
from .quantities import amount
from .selectors import selects
from .store import Store, copied

Object = dict[str, Any]
Used = dict[str, Counter[str]]
_POD = BY_KIND["Pod"]
_MEASURED = ("cpu", "memory")


def schedule(store: Store) -> None:
    """One look at every pod."""
    nodes = {node["metadata"]["name"]: node for node in store.view(BY_KIND["Node"])}
    placed = [pod for pod in store.view(_POD) if pod["spec"].get("nodeName") in nodes and not is_finished(pod)]
    used: Used = {name: Counter() for name in nodes}
    for pod in placed:
        used[pod["spec"]["nodeName"]].update(_asked(pod))
    for pod in store.view(_POD):
        if pod["spec"].get("nodeName") or is_going(pod) or is_finished(pod):
            continue
        pod = copied(pod)
        taken = set(_taken(pod, placed, nodes))
        fits = [name for name, node in nodes.items() if _allows(node, pod, used[name], taken)]
        if not fits:
            if set_condition(pod, "PodScheduled", "False", "Unschedulable", f"0/{len(nodes)} nodes are available."):
                store.put(_POD, pod)
            continue
        best = min(fits, key=lambda name: (used[name]["pods"], name))
        pod["spec"]["nodeName"] = best
        set_condition(pod, "PodScheduled", "True")
        placed.append(store.put(_POD, pod))
        used[best].update(_asked(pod))


def _allows(node: Object, pod: Object, used: Counter[str], taken: set[tuple[str, str]]) -> bool:
    labels, spec = node["metadata"].get("labels", {}), pod["spec"]
    if not is_fit(node) or taken & set(labels.items()):
        return False
    if any(labels.get(key) != value for key, value in spec.get("nodeSelector", {}).items()):
        return False
    if not all(_tolerated(taint, spec.get("tolerations", [])) for taint in node["spec"].get("taints", [])):
        return False
    room = node.get("status", {}).get("allocatable", {})
    return all(used[name] + asked <= amount(room[name]) for name, asked in _asked(pod).items() if name in room)


def _asked(pod: Object) -> dict[str, Fraction]:
    requests = [one.get("resources", {}).get("requests", {}) for one in pod["spec"]["containers"]]
    asked = {name: sum((amount(one.get(name, "0")) for one in requests), Fraction(0)) for name in _MEASURED}
    return {**asked, "pods": Fraction(1)}


def _tolerated(taint: Object, tolerations: list[Object]) -> bool:
    return taint["effect"] == "PreferNoSchedule" or any(
        one.get("key", taint["key"]) == taint["key"]
        and one.get("effect", taint["effect"]) == taint["effect"]
        and (one.get("operator") == "Exists" or one.get("value", "") == taint.get("value", ""))
        for one in tolerations
    )


def _taken(pod: Object, placed: list[Object], nodes: dict[str, Object]) -> Iterator[tuple[str, str]]:
    """Parts of the cluster, each a label of its nodes, in which is a pod that this one keeps away from, or that keeps
    away from this one."""
    for other in placed:
        if other["metadata"]["namespace"] != pod["metadata"]["namespace"]:
            continue
        labels = nodes[other["spec"]["nodeName"]]["metadata"].get("labels", {})
        for one, another in ((pod, other), (other, pod)):
            for term in _repelled(one):
                key = term["topologyKey"]
                if key in labels and selects(term.get("labelSelector"), another["metadata"].get("labels", {})):
                    yield key, labels[key]


def _repelled(pod: Object) -> list[Object]:
    affinity = pod["spec"].get("affinity", {}).get("podAntiAffinity", {})
    return affinity.get("requiredDuringSchedulingIgnoredDuringExecution", [])
