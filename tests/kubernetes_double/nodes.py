"""Nodes, and their kubelets that run pods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Optional

from .calls import now
from .kinds import BY_KIND
from .pods import is_finished, is_going, is_ready
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


def is_fit(found: Object) -> bool:
    """Whether a node takes new pods."""
    conditions = found.get("status", {}).get("conditions", [])
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return ready and not found["spec"].get("unschedulable")


class Kubelets:
    """Those of all nodes. A test may hold pods back from being ready, by name: `held`.

    `runs` runs what a pod of one task runs; it returns its exit status and last words. Without it they are over at once.
    `ended` says whether a pod that was told to go is over; without it all are at once.

    Args:
        network: the first two bytes of every pod's address.
    """

    def __init__(self, store: Store, ready_after: int, network: str) -> None:
        self.store, self.ready_after, self.network = store, ready_after, network
        self.held: set[str] = set()
        self.waiting = False
        self.runs: Optional[Callable[[Object], tuple[int, str]]] = None
        self.ended: Callable[[Object], bool] = lambda pod: True
        self._running: dict[str, Future[tuple[int, str]]] = {}
        self._pool = ThreadPoolExecutor(8)
        self._age: Counter[str] = Counter()
        self._addresses = 0

    def step(self) -> None:
        """Start what was placed, make ready what has run for a while, end what is to go."""
        self.waiting = False
        known = {one["metadata"]["name"] for one in self.store.view(_NODE)}
        for pod in self.store.list(_POD):
            if pod["spec"].get("nodeName") not in known:
                continue
            if is_going(pod):
                self._end(pod)
            elif not is_finished(pod):
                self._run(pod)

    def _end(self, pod: Object) -> None:
        if not self.ended(pod):
            self.waiting = True
            return
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
            address = f"{self.network}.{self._addresses // 250}.{self._addresses % 250 + 1}"
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
            self._run_once(pod)
        elif not is_ready(pod):
            self._age[pod["metadata"]["uid"]] += 1
            if self._age[pod["metadata"]["uid"]] >= self.ready_after:
                _set_conditions(pod, ready=True)
                self.store.put(_POD, pod)
            else:
                self.waiting = True

    def _run_once(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        if self.runs and uid not in self._running:
            self._running[uid] = self._pool.submit(self.runs, pod)
        if self.runs and not self._running[uid].done():
            self.waiting = True
            return
        code, words = self._running[uid].result() if self.runs else (0, "")
        pod["status"]["phase"] = "Failed" if code else "Succeeded"
        _set_conditions(pod, ready=False)
        for one in pod["status"]["containerStatuses"]:
            one["state"] = {
                "terminated": {"exitCode": code, "reason": "Error" if code else "Completed", "message": words}
            }
        self.store.put(_POD, pod)


def _set_conditions(pod: Object, ready: bool) -> None:
    set_condition(pod, "Initialized", "True")
    for name in ("ContainersReady", "Ready"):
        set_condition(pod, name, "True" if ready else "False")
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


def set_condition(pod: Object, name: str, value: str, reason: str = "", message: str = "") -> bool:
    """Write a condition; whether it was another before."""
    conditions = pod["status"].setdefault("conditions", [])
    former = next((one for one in conditions if one["type"] == name), None)
    found = {"type": name, "status": value}
    found.update({key: text for key, text in (("reason", reason), ("message", message)) if text})
    if former and {key: former.get(key, "") for key in found} == found:
        return False
    conditions[:] = [one for one in conditions if one["type"] != name] + [{**found, "lastTransitionTime": now()}]
    return True
