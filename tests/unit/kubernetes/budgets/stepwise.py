"""A cluster and a drain of it, second by second, written apart from what it is the measure of.

Everything is a plain manifest in a dict, as the API has it, and is looked up as slowly as need be. The server keeps a
status of each budget, which its controller writes anew after every change and its eviction counts down; a pod takes
seconds to go and seconds to be Ready; the client tries again every second until a deadline, as a drain does.
"""

from __future__ import annotations

import math
from typing import Any

Manifest = dict[str, Any]
READY_AFTER = 3


def name_of(thing: Manifest) -> tuple[str, str]:
    return thing["metadata"]["namespace"], thing["metadata"]["name"]


def matches(selector: Manifest | None, labels: dict[str, str]) -> bool:
    if selector is None:
        return False
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def owner_of(pod: Manifest) -> tuple[str, str] | None:
    for reference in pod["metadata"].get("ownerReferences", []):
        if reference.get("controller"):
            return reference["kind"], reference["name"]
    return None


def is_ready(pod: Manifest) -> bool:
    return {"type": "Ready", "status": "True"} in pod["status"].get("conditions", [])


def is_going(pod: Manifest) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def is_finished(pod: Manifest) -> bool:
    return pod["status"]["phase"] in ("Succeeded", "Failed")


class Server:
    def __init__(self, layout: dict[str, list[Manifest]]) -> None:
        self.nodes, self.workloads, self.budgets = layout["nodes"], layout["workloads"], layout["budgets"]
        self.pods = list(layout["pods"])
        self.going: list[Manifest] = [pod for pod in self.pods if is_going(pod)]
        self.held: list[Manifest] = []
        self.unplaced: list[Manifest] = []
        self.starting: list[tuple[int, Manifest]] = []
        self.made = 0
        self.count()

    # --- the disruption controller

    def count(self) -> None:
        for budget in self.budgets:
            budget["status"] = self.counted(budget)

    def counted(self, budget: Manifest) -> dict[str, int]:
        spec = budget["spec"]
        mine = [
            pod
            for pod in self.pods
            if pod["metadata"]["namespace"] == budget["metadata"]["namespace"]
            and matches(spec.get("selector"), pod["metadata"]["labels"])
        ]
        healthy = len([pod for pod in mine if is_ready(pod) and not is_going(pod)])
        failed = {"currentHealthy": healthy, "desiredHealthy": 0, "disruptionsAllowed": 0}
        if isinstance(spec.get("minAvailable"), int):
            expected, desired = len(mine), spec["minAvailable"]
        elif "minAvailable" not in spec and "maxUnavailable" not in spec:
            return failed
        else:
            scales = {}
            for pod in mine:
                if owner_of(pod) is not None:
                    scale = self.scale(pod["metadata"]["namespace"], *owner_of(pod))
                    if scale is None:
                        return failed
                    scales[scale[0]] = scale[1]
            expected = sum(scales.values())
            if "maxUnavailable" in spec:
                desired = max(0, expected - self.rounded_up(spec["maxUnavailable"], expected))
            else:
                desired = self.rounded_up(spec["minAvailable"], expected)
        allowed = healthy - desired
        if expected <= 0 or allowed <= 0:
            allowed = 0
        return {"currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed}

    @staticmethod
    def rounded_up(value: int | str, whole: int) -> int:
        return value if isinstance(value, int) else math.ceil(int(value[:-1]) * whole / 100)

    def scale(self, namespace: str, kind: str, name: str) -> tuple[tuple[str, str], int] | None:
        workload = self.workload(namespace, kind, name)
        if workload is None or kind in ("DaemonSet", "Job"):
            return None
        above = owner_of(workload)
        if above is not None and self.workload(namespace, *above) is not None:
            return above, self.workload(namespace, *above)["spec"]["replicas"]
        return (kind, name), workload["spec"]["replicas"]

    def workload(self, namespace: str, kind: str, name: str) -> Manifest | None:
        for workload in self.workloads:
            if workload["kind"] == kind and name_of(workload) == (namespace, name):
                return workload
        return None

    # --- the eviction of a pod

    def evict(self, pod: Manifest) -> int:
        if not (is_going(pod) or pod["status"]["phase"] != "Running"):
            mine = [
                budget
                for budget in self.budgets
                if budget["metadata"]["namespace"] == pod["metadata"]["namespace"]
                and matches(budget["spec"].get("selector"), pod["metadata"]["labels"])
            ]
            if len(mine) > 1:
                return 500
            if mine and not self.may_go(pod, mine[0]):
                return 429
        pod["metadata"]["deletionTimestamp"] = "now"
        self.going.append(pod)
        self.count()
        return 201

    @staticmethod
    def may_go(pod: Manifest, budget: Manifest) -> bool:
        status = budget["status"]
        if not is_ready(pod):
            if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
                return True
            if status["currentHealthy"] >= status["desiredHealthy"] > 0:
                return True
        if status["disruptionsAllowed"] == 0:
            return False
        status["disruptionsAllowed"] -= 1
        return True

    # --- a second passes

    def tick(self, now: int) -> None:
        gone, self.going = self.going, []
        for pod in gone:
            self.pods.remove(pod)
        # A name that is used again is free only now; made-up ones have been used by then.
        for pod in sorted(gone, key=lambda one: (owner_of(one) or ("", ""))[0] == "StatefulSet"):
            self.replace(pod)
        for pod in list(self.held):
            if self.may_be_made(pod):
                self.held.remove(pod)
                self.pods.append(pod)
                self.unplaced.append(pod)
        for pod in list(self.unplaced):
            node = self.node_for(pod)
            if node:
                self.unplaced.remove(pod)
                pod["spec"]["nodeName"] = node
                self.starting.append((now + READY_AFTER, pod))
        for moment, pod in list(self.starting):
            if moment <= now:
                self.starting.remove((moment, pod))
                pod["status"] = {"phase": "Running"}
                if pod["was_ready"]:
                    pod["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
        self.count()

    def replace(self, pod: Manifest) -> None:
        owner = owner_of(pod)
        namespace, name = name_of(pod)
        if owner is None or is_finished(pod):
            return
        workload = self.workload(namespace, *owner)
        if workload is not None and "replicas" in workload["spec"]:
            there = [
                one
                for one in self.pods + self.held
                if one["metadata"]["namespace"] == namespace
                and owner_of(one) == owner
                and not is_finished(one)
                and not is_going(one)
            ]
            if len(there) >= workload["spec"]["replicas"]:
                return
        self.made += 1
        new = {
            "kind": "Pod",
            "metadata": {
                "namespace": namespace,
                "name": name if owner[0] == "StatefulSet" else f"{owner[1]}+{self.made}",
                "labels": pod["metadata"]["labels"],
                "ownerReferences": pod["metadata"]["ownerReferences"],
            },
            "spec": {key: value for key, value in pod["spec"].items() if key != "nodeName"},
            "status": {"phase": "Pending"},
            "was_ready": is_ready(pod),
        }
        self.held.append(new)

    def may_be_made(self, pod: Manifest) -> bool:
        """A StatefulSet makes its pods in order, unless it is told to make them in parallel."""
        namespace, name = name_of(pod)
        kind, owner = owner_of(pod) or ("", "")
        workload = self.workload(namespace, kind, owner)
        if kind != "StatefulSet" or workload is None or workload["spec"].get("podManagementPolicy") == "Parallel":
            return True
        for one in self.pods + self.held:
            if one["metadata"]["namespace"] == namespace and owner_of(one) == (kind, owner):
                if int(name_of(one)[1].split("-")[1]) < int(name.split("-")[1]) and not (
                    is_ready(one) and not is_going(one)
                ):
                    return False
        return True

    @property
    def is_quiet(self) -> bool:
        """Whether time alone changes nothing."""
        makeable = [pod for pod in self.held if self.may_be_made(pod)]
        placeable = [pod for pod in self.unplaced if self.node_for(pod)]
        return not (self.going or self.starting or makeable or placeable)

    def node_for(self, pod: Manifest) -> str:
        best = None
        for node in self.nodes:
            here = [one for one in self.pods if one["spec"].get("nodeName") == node["metadata"]["name"]]
            here = [one for one in here if not is_finished(one)]
            if self.takes(node, pod, here):
                rank = (len(here), node["metadata"]["name"])
                best = rank if best is None or rank < best else best
        return "" if best is None else best[1]

    def takes(self, node: Manifest, pod: Manifest, here: list[Manifest]) -> bool:
        if node["spec"].get("unschedulable") or not is_ready(node) or node["spec"].get("taints"):
            return False
        wanted = pod["spec"].get("nodeSelector", {})
        if any(node["metadata"]["labels"].get(key) != value for key, value in wanted.items()):
            return False
        room = node["status"].get("allocatable")
        if room and (
            len(here) + 1 > int(room["pods"]) or sum(self.millis(one) for one in [*here, pod]) > 1000 * int(room["cpu"])
        ):
            return False
        pairs = [(pod, one) for one in here] + [(one, pod) for one in here]
        return not any(self.minds(*pair) for pair in pairs)

    @staticmethod
    def millis(pod: Manifest) -> int:
        return int(pod["spec"]["containers"][0]["resources"]["requests"]["cpu"].rstrip("m"))

    @staticmethod
    def minds(pod: Manifest, other: Manifest) -> bool:
        terms = pod["spec"].get("affinity", {}).get("podAntiAffinity", {})
        return pod["metadata"]["namespace"] == other["metadata"]["namespace"] and any(
            matches(term["labelSelector"], other["metadata"]["labels"])
            for term in terms.get("requiredDuringSchedulingIgnoredDuringExecution", [])
        )


def drain(layout: dict[str, list[Manifest]], nodes: list[str], patient: bool, deadline: int = 120) -> dict[str, Any]:
    """Cordon the nodes, then drain one after the other; `deadline` seconds for each.

    Who is patient tries again when all that was evicted is elsewhere and at rest; who is not, every second.
    """
    server = Server(layout)
    for node in server.nodes:
        if node["metadata"]["name"] in nodes:
            node["spec"]["unschedulable"] = True
    order: list[tuple[str, str]] = []
    stuck: dict[tuple[str, str], int] = {}
    drained = []
    now = 0
    for node in nodes:
        left = [
            pod
            for pod in sorted(server.pods, key=name_of)
            if pod["spec"].get("nodeName") == node
            and not is_going(pod)
            and (is_finished(pod) or (owner_of(pod) or ("", ""))[0] != "DaemonSet")
            and "kubernetes.io/config.mirror" not in pod["metadata"].get("annotations", {})
        ]
        end = now + deadline
        while now < end:
            for pod in list(left):
                code = server.evict(pod)
                if code == 201:
                    order.append(name_of(pod))
                if code == 500:
                    stuck[name_of(pod)] = 500
                if code != 429:
                    left.remove(pod)
            now += 1
            server.tick(now)
            while patient and now < end and not server.is_quiet:
                now += 1
                server.tick(now)
        stuck |= {name_of(pod): 429 for pod in left}
        if stuck:
            break
        drained.append(node)
    return {"order": order, "stuck": stuck, "drained": drained, "pods": server.pods}
