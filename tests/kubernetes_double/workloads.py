"""The controllers that make pods: of Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .api import Api
from .budgets import share_of
from .calls import Call, suffix
from .deleting import Options
from .errors import ApiError
from .kinds import BY_KIND, Kind
from .nodes import is_fit
from .pods import controller_reference, is_finished, is_going, is_ready
from .store import copied

Object = dict[str, Any]
_POD = BY_KIND["Pod"]
_HASH = "pod-template-hash"
_REVISION = "controller-revision-hash"


def template_hash(template: Object) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


class Workloads:
    """Make and end pods through the API, so that quotas and limits hold for them too."""

    def __init__(self, api: Api) -> None:
        self.api, self.store = api, api.store

    def step(self) -> None:
        for name, act in (
            ("Deployment", self._deployment),
            ("ReplicaSet", self._replica_set),
            ("StatefulSet", self._stateful_set),
            ("DaemonSet", self._daemon_set),
            ("Job", self._job),
        ):
            kind = BY_KIND[name]
            for found in self.store.view(kind):
                if not is_going(found):
                    act(kind, found)

    def _deployment(self, kind: Kind, found: Object) -> None:
        sets, wanted = self._owned(BY_KIND["ReplicaSet"], found), found["spec"]["replicas"]
        key = template_hash(found["spec"]["template"])
        name = f"{found['metadata']['name']}-{key}"
        new = next((one for one in sets if one["metadata"]["name"] == name), None)
        old = [one for one in sets if one is not new]
        surge, unavailable = self._slack(found["spec"]["strategy"], wanted)
        if new is None:
            self._make_set(found, name, key, min(wanted, max(0, wanted + surge - self._replicas(old))))
            return
        ready = sum(one.get("status", {}).get("readyReplicas", 0) for one in sets)
        size, total = new["spec"]["replicas"], self._replicas(sets)
        if not any(one["spec"]["replicas"] for one in old):
            self._scale(new, wanted)
        elif size < wanted and total < wanted + surge:
            self._scale(new, min(wanted, size + wanted + surge - total))
        else:
            spare = ready - (wanted - unavailable)
            for one in old:
                # Those that are not ready go first, as they are missed by nobody.
                idle = one["spec"]["replicas"] - one.get("status", {}).get("readyReplicas", 0)
                fewer = min(one["spec"]["replicas"], max(0, idle) + max(0, spare))
                if fewer:
                    self._scale(one, one["spec"]["replicas"] - fewer)
                    break
        pods = [pod for one in sets for pod in self._owned(_POD, one) if not is_going(pod)]
        updated = [pod for pod in self._owned(_POD, new) if not is_going(pod)]
        self._tell(kind, found, pods, updatedReplicas=len(updated))

    @staticmethod
    def _replicas(sets: list[Object]) -> int:
        return sum(one["spec"]["replicas"] for one in sets)

    @staticmethod
    def _slack(strategy: Object, wanted: int) -> tuple[int, int]:
        """Pods above and below the wanted number."""
        rolling = strategy.get("rollingUpdate")
        if not rolling:
            return 0, wanted
        unavailable = rolling["maxUnavailable"]
        if isinstance(unavailable, str):  # rounded down, other than the surge
            unavailable = int(unavailable.rstrip("%")) * wanted // 100
        surge = share_of(rolling["maxSurge"], wanted)
        return surge, max(unavailable, 0 if surge else 1)

    def _make_set(self, owner: Object, name: str, key: str, replicas: int) -> None:
        template = copied(owner["spec"]["template"])
        template["metadata"].setdefault("labels", {})[_HASH] = key
        selector = copied(owner["spec"]["selector"])
        selector.setdefault("matchLabels", {})[_HASH] = key
        body = {
            "metadata": {"name": name, "labels": template["metadata"]["labels"], **self._owners(owner)},
            "spec": {"replicas": replicas, "selector": selector, "template": template},
        }
        self.api.create(BY_KIND["ReplicaSet"], owner["metadata"]["namespace"], body, Call())

    def _scale(self, found: Object, replicas: int) -> None:
        if found["spec"]["replicas"] != replicas:
            scaled = copied(found)
            scaled["spec"]["replicas"] = replicas
            scaled["metadata"]["generation"] += 1
            self.store.put(BY_KIND["ReplicaSet"], scaled)

    def _replica_set(self, kind: Kind, found: Object) -> None:
        pods = [pod for pod in self._owned(_POD, found) if not is_going(pod) and not is_finished(pod)]
        missing, trouble = found["spec"]["replicas"] - len(pods), ""
        for _index in range(missing):
            trouble = trouble or self._make(found, f"{found['metadata']['name']}-{suffix()}")
        pods.sort(key=lambda pod: (is_ready(pod), bool(pod["spec"].get("nodeName"))))
        for pod in pods[: max(0, -missing)]:
            self._end(pod)
        self._tell(kind, found, [pod for pod in self._owned(_POD, found) if not is_going(pod)], trouble)

    def _stateful_set(self, kind: Kind, found: Object) -> None:
        """One after another unless it says Parallel; changed from the last one down."""
        spec, name = found["spec"], found["metadata"]["name"]
        key = f"{name}-{template_hash(spec['template'])}"
        pods, ordered = {pod["metadata"]["name"]: pod for pod in self._owned(_POD, found)}, spec[
            "podManagementPolicy"
        ] != "Parallel"
        trouble, whole = "", True
        for index in range(spec["replicas"]):
            pod = pods.get(f"{name}-{index}")
            if pod is None:
                trouble = self._make(
                    found, f"{name}-{index}", {_REVISION: key, "statefulset.kubernetes.io/pod-name": f"{name}-{index}"}
                )
            if pod is None or is_going(pod) or not is_ready(pod):
                whole = False
                if ordered or trouble:
                    break
        surplus = [pod for title, pod in pods.items() if int(title.rsplit("-", 1)[1]) >= spec["replicas"]]
        surplus.sort(key=_ordinal)
        if whole and surplus:
            self._end(surplus[-1])
        elif whole and spec["updateStrategy"]["type"] == "RollingUpdate":
            first = spec["updateStrategy"].get("rollingUpdate", {}).get("partition", 0)
            stale = [
                pod
                for pod in pods.values()
                if pod["metadata"]["labels"].get(_REVISION) != key and _ordinal(pod) >= first
            ]
            if stale:
                self._end(max(stale, key=_ordinal))
        there = [pod for pod in self._owned(_POD, found) if not is_going(pod)]
        updated = sum(1 for pod in there if pod["metadata"]["labels"].get(_REVISION) == key)
        self._tell(kind, found, there, trouble, updatedReplicas=updated, updateRevision=key)

    def _daemon_set(self, kind: Kind, found: Object) -> None:
        name = found["metadata"]["name"]
        nodes = [one["metadata"]["name"] for one in self.store.view(BY_KIND["Node"]) if is_fit({**one, "spec": {}})]
        pods = {pod["spec"].get("nodeName"): pod for pod in self._owned(_POD, found) if not is_going(pod)}
        for node in nodes:
            if node not in pods:
                self._make(found, f"{name}-{suffix()}", node=node)
        for node, pod in pods.items():
            if node not in nodes:
                self._end(pod)
        ready = sum(1 for pod in pods.values() if is_ready(pod))
        status = {
            "desiredNumberScheduled": len(nodes),
            "currentNumberScheduled": len(pods),
            "numberMisscheduled": 0,
            "numberReady": ready,
            "numberAvailable": ready,
            "updatedNumberScheduled": len(pods),
            "observedGeneration": found["metadata"]["generation"],
        }
        self._write(kind, found, status)

    def _job(self, kind: Kind, found: Object) -> None:
        pods = self._owned(_POD, found)
        done = sum(1 for pod in pods if pod["status"]["phase"] == "Succeeded")
        wanted = found["spec"].get("completions", 1)
        for _index in range(
            min(found["spec"]["parallelism"], wanted - done) - sum(1 for pod in pods if not is_finished(pod))
        ):
            self._make(found, f"{found['metadata']['name']}-{suffix()}")
        status: Object = {"succeeded": done} if done else {"active": len(pods)}
        if done >= wanted:
            status["conditions"] = [{"type": "Complete", "status": "True"}]
        self._write(kind, found, status)

    def _make(self, owner: Object, name: str, labels: dict[str, str] | None = None, node: str = "") -> str:
        """Make a pod; return what the API says when it may not be."""
        template = copied(owner["spec"]["template"])
        metadata, spec = template["metadata"], template["spec"]
        metadata.update(name=name, labels={**metadata.get("labels", {}), **(labels or {})}, **self._owners(owner))
        if node:
            spec["nodeName"] = node
        self._claim(owner, name, spec)
        try:
            self.api.create(_POD, owner["metadata"]["namespace"], {"metadata": metadata, "spec": spec}, Call())
        except ApiError as error:
            return str(error.status["message"])
        return ""

    def _claim(self, owner: Object, name: str, spec: Object) -> None:
        """What a StatefulSet claims for a pod; claims stay when the pod goes."""
        namespace, kind = owner["metadata"]["namespace"], BY_KIND["PersistentVolumeClaim"]
        for template in owner["spec"].get("volumeClaimTemplates", []):
            volume = template["metadata"]["name"]
            claim = f"{volume}-{name}"
            source = {"name": volume, "persistentVolumeClaim": {"claimName": claim}}
            spec["volumes"] = [one for one in spec.get("volumes", []) if one["name"] != volume] + [source]
            if self.store.get(kind, namespace, claim) is None:
                labels = {**template["metadata"].get("labels", {}), **owner["spec"]["selector"].get("matchLabels", {})}
                body = {"metadata": {"name": claim, "labels": labels}, "spec": copied(template["spec"])}
                self.api.create(kind, namespace, body, Call())

    def _end(self, pod: Object) -> None:
        self.api.delete(_POD, pod["metadata"]["namespace"], pod["metadata"]["name"], Options(), Call())

    def _owned(self, kind: Kind, owner: Object) -> list[Object]:
        uid = owner["metadata"]["uid"]
        found = self.store.view(kind, owner["metadata"]["namespace"])
        return [one for one in found if (controller_reference(one) or {}).get("uid") == uid]

    @staticmethod
    def _owners(owner: Object) -> Object:
        reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"]}
        reference.update(name=owner["metadata"]["name"], uid=owner["metadata"]["uid"])
        return {"ownerReferences": [{**reference, "controller": True, "blockOwnerDeletion": True}]}

    def _tell(self, kind: Kind, found: Object, pods: list[Object], trouble: str = "", **more: Any) -> None:
        """Write the status that this kind has of its pods."""
        ready = sum(1 for pod in pods if is_ready(pod))
        status = {"replicas": len(pods), "readyReplicas": ready, "availableReplicas": ready, **more}
        if kind.kind == "ReplicaSet":
            status["fullyLabeledReplicas"] = len(pods)
        if kind.kind == "StatefulSet":
            status.update(currentReplicas=more["updatedReplicas"], currentRevision=more["updateRevision"])
        status = {name: value for name, value in status.items() if value or name == "replicas"}
        status["observedGeneration"] = found["metadata"]["generation"]
        conditions = []
        if kind.kind == "Deployment":
            wanted = found["spec"]["replicas"]
            conditions.append({"type": "Available", "status": "True" if ready >= wanted else "False"})
            conditions.append({"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"})
        # The first refusal stays: another would only name another pod that is not there.
        former = [
            one["message"] for one in found.get("status", {}).get("conditions", []) if one["type"] == "ReplicaFailure"
        ]
        if trouble:
            trouble = former[0] if former else trouble
            conditions.append(
                {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": trouble}
            )
        if conditions:
            status["conditions"] = conditions
        self._write(kind, found, status)

    def _write(self, kind: Kind, found: Object, status: Object) -> None:
        last = self.store.get(kind, found["metadata"]["namespace"], found["metadata"]["name"])
        if last is not None and last.get("status") != status:
            self.store.put(kind, {**last, "status": status})


def _ordinal(pod: Object) -> int:
    return int(pod["metadata"]["name"].rsplit("-", 1)[1])
