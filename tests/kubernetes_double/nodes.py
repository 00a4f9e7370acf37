"""Nodes, the scheduler that places pods on them, and the kubelets that run these."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .calls import now
from .kinds import BY_KIND
from .pods import is_finished, is_going, is_ready
from .quantities import amount
from .selectors import selects
from .store import Store

Object = dict[str, Any]
_NODE, _POD = BY_KIND["Node"], BY_KIND["Pod"]
_HOST_NAME = "kubernetes.io/hostname"


def node(name: str, labels: dict[str, str] | None = None, ready: bool = True, **allocatable: str) -> Object:
    """A manifest of a node that is there, with room for what `allocatable` says."""
    room = {"pods": "110", "cpu": "8", "memory": "32Gi", **allocatable}
    return {
        "metadata": {"name": name, "labels": {_HOST_NAME: name, "kubernetes.io/os": "linux", **(labels or {})}},
        "spec": {},
        "status": {
            "capacity": room,
            "allocatable": room,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False", "reason": "KubeletReady"}],
        },
    }


def schedule(store: Store) -> None:
    """Place every pod that has no node where it may be, the emptiest first."""
    there = store.list(_NODE)
    for pod in store.list(_POD):
        if pod["spec"].get("nodeName") or is_going(pod) or is_finished(pod):
            continue
        placed = [one for one in store.list(_POD) if one["spec"].get("nodeName") and not is_finished(one)]
        fits = [one for one in there if is_fit(one) and _allows(one, pod, placed, there)]
        load = Counter(one["spec"]["nodeName"] for one in placed)
        if fits:
            best = min(fits, key=lambda one: (load[one["metadata"]["name"]], one["metadata"]["name"]))
            pod["spec"]["nodeName"] = best["metadata"]["name"]
            _set_condition(pod, "PodScheduled", "True")
            store.put(_POD, pod)
        elif _set_condition(pod, "PodScheduled", "False", "Unschedulable", f"0/{len(there)} nodes are available."):
            store.put(_POD, pod)


def is_fit(found: Object) -> bool:
    """Whether a node takes new pods."""
    conditions = found.get("status", {}).get("conditions", [])
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return ready and not found["spec"].get("unschedulable")


def _allows(found: Object, pod: Object, placed: list[Object], there: list[Object]) -> bool:
    labels, spec = found["metadata"].get("labels", {}), pod["spec"]
    if any(labels.get(key) != value for key, value in spec.get("nodeSelector", {}).items()):
        return False
    if not all(_tolerated(taint, spec.get("tolerations", [])) for taint in found["spec"].get("taints", [])):
        return False
    return _has_room(found, pod, placed) and _is_apart(found, pod, placed, there)


def _tolerated(taint: Object, tolerations: list[Object]) -> bool:
    return taint["effect"] == "PreferNoSchedule" or any(
        one.get("key", taint["key"]) == taint["key"]
        and one.get("effect", taint["effect"]) == taint["effect"]
        and (one.get("operator") == "Exists" or one.get("value", "") == taint.get("value", ""))
        for one in tolerations
    )


def _has_room(found: Object, pod: Object, placed: list[Object]) -> bool:
    here = [one for one in placed if one["spec"]["nodeName"] == found["metadata"]["name"]]
    room = found.get("status", {}).get("allocatable", {})
    if len(here) + 1 > amount(room.get("pods", "110")):
        return False
    return all(
        sum(_asked(one, name) for one in [*here, pod]) <= amount(room[name])
        for name in ("cpu", "memory")
        if name in room
    )


def _asked(pod: Object, name: str) -> Any:
    requests = (one.get("resources", {}).get("requests", {}) for one in pod["spec"]["containers"])
    return sum(amount(one.get(name, "0")) for one in requests)


def _is_apart(found: Object, pod: Object, placed: list[Object], there: list[Object]) -> bool:
    """Whether no pod that this one keeps away from is in the same part of the cluster, and the other way round."""
    zones = {one["metadata"]["name"]: one["metadata"].get("labels", {}) for one in there}
    here = found["metadata"].get("labels", {})
    for other in placed:
        if other["metadata"]["namespace"] != pod["metadata"]["namespace"]:
            continue
        beside = zones.get(other["spec"]["nodeName"], {})
        for one, another in ((pod, other), (other, pod)):
            for term in _repelled(one):
                key = term["topologyKey"]
                met = selects(term.get("labelSelector"), another["metadata"].get("labels", {}))
                if met and key in here and here[key] == beside.get(key):
                    return False
    return True


def _repelled(pod: Object) -> list[Object]:
    affinity = pod["spec"].get("affinity", {}).get("podAntiAffinity", {})
    return affinity.get("requiredDuringSchedulingIgnoredDuringExecution", [])


class Kubelets:
    """Those of all nodes. A test may hold pods back from being ready, by name: `held`."""

    def __init__(self, store: Store, ready_after: int) -> None:
        self.store, self.ready_after = store, ready_after
        self.held: set[str] = set()
        self.waiting = False
        self._age: Counter[str] = Counter()
        self._addresses = 0

    def step(self) -> None:
        """Start what was placed, make ready what has run for a while, end what is to go."""
        self.waiting = False
        known = {one["metadata"]["name"] for one in self.store.list(_NODE)}
        for pod in self.store.list(_POD):
            if pod["spec"].get("nodeName") not in known:
                continue
            if is_going(pod):
                self._end(pod)
            elif not is_finished(pod):
                self._run(pod)

    def _end(self, pod: Object) -> None:
        self._age.pop(pod["metadata"]["uid"], None)
        pod["metadata"]["deletionGracePeriodSeconds"] = 0
        if pod["metadata"].get("finalizers"):
            if pod != self.store.get(_POD, pod["metadata"]["namespace"], pod["metadata"]["name"]):
                self.store.put(_POD, pod)
        else:
            self.store.remove(_POD, pod)

    def _run(self, pod: Object) -> None:
        status = pod["status"]
        if status.get("phase") == "Pending":
            self._addresses += 1
            address = f"10.244.{self._addresses // 250}.{self._addresses % 250 + 1}"
            status.update(phase="Running", hostIP="192.0.2.1", podIP=address, podIPs=[{"ip": address}], startTime=now())
            _set_conditions(pod, ready=False)
            self.store.put(_POD, pod)
            return
        name = pod["metadata"]["name"]
        if name in self.held:
            if is_ready(pod):
                _set_conditions(pod, ready=False)
                self.store.put(_POD, pod)
            return
        if pod["spec"]["restartPolicy"] != "Always":
            status["phase"] = "Succeeded"
            _set_conditions(pod, ready=False)
            self.store.put(_POD, pod)
        elif not is_ready(pod):
            self._age[pod["metadata"]["uid"]] += 1
            if self._age[pod["metadata"]["uid"]] >= self.ready_after:
                _set_conditions(pod, ready=True)
                self.store.put(_POD, pod)
            else:
                self.waiting = True


def _set_conditions(pod: Object, ready: bool) -> None:
    _set_condition(pod, "Initialized", "True")
    for name in ("ContainersReady", "Ready"):
        _set_condition(pod, name, "True" if ready else "False")
    pod["status"]["containerStatuses"] = [
        {
            "name": one["name"],
            "image": one["image"],
            "imageID": "",
            "ready": ready,
            "started": ready,
            "restartCount": 0,
            "state": {"running": {"startedAt": now()}},
        }
        for one in pod["spec"]["containers"]
    ]


def _set_condition(pod: Object, name: str, value: str, reason: str = "", message: str = "") -> bool:
    """Whether that was another before."""
    conditions = pod["status"].setdefault("conditions", [])
    former = next((one for one in conditions if one["type"] == name), None)
    found = {"type": name, "status": value}
    found.update({key: text for key, text in (("reason", reason), ("message", message)) if text})
    if former and {key: former.get(key, "") for key in found} == found:
        return False
    conditions[:] = [one for one in conditions if one["type"] != name] + [{**found, "lastTransitionTime": now()}]
    return True
