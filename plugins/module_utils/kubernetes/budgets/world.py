# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster that can be drained without being touched: what it answers, and what becomes of what was evicted.

The model is this. The disruption controller counts at once, so that each eviction is judged by what those before
it have left. Time passes in steps, between which nothing becomes Ready. In a step what was told to go is gone, its
controller makes a successor (unless there are as many pods as it wants, or nobody controls it), in the order of the
evictions, those of StatefulSets after the others, and the successor runs on another node if one takes it. It is Ready
if the pod it succeeds was: nothing that a drain does heals a pod. A successor that no node takes waits, and is tried
again in every step; so does one of a StatefulSet that makes its pods in order, until those before it are Ready.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Optional

from .budgets import Budget, Status, Verdict, budget_status, judge_eviction
from .nodes import Node, choose_node
from .pods import PENDING, RUNNING, Pod
from .workloads import Controllers, Workload


@dataclass(frozen=True)
class Cluster:
    """What is there: of every namespace, or pods elsewhere are taken for absent."""

    nodes: tuple[Node, ...]
    pods: tuple[Pod, ...]
    budgets: tuple[Budget, ...] = ()
    workloads: tuple[Workload, ...] = ()


@dataclass(frozen=True)
class Succession:
    """What became of a pod that went.

    Args:
        successor: None when nobody made one.
        reason: why the successor is on no node; empty when it is.
    """

    former: Pod
    successor: Optional[Pod]
    reason: str = ""


class World:
    """A cluster in which nodes have been cordoned."""

    def __init__(self, cluster: Cluster, cordoned: Iterable[str]) -> None:
        closed = set(cordoned)
        self.nodes = [replace(node, cordoned=node.cordoned or node.name in closed) for node in cluster.nodes]
        self.budgets = cluster.budgets
        self.successions: dict[tuple[str, str], Succession] = {}
        self._controllers = Controllers(cluster.workloads)
        self._pods = {pod.key: pod for pod in cluster.pods}
        # In the order in which they were told to go.
        self._going = [pod.key for pod in cluster.pods if pod.terminating]
        self._made = 0

    @property
    def pods(self) -> list[Pod]:
        """As the API lists them."""
        return [self._pods[key] for key in sorted(self._pods)]

    def status(self, budget: Budget) -> Status:
        return budget_status(budget, self._pods.values(), self._controllers)

    def evict(self, pod: Pod) -> Verdict:
        verdict = judge_eviction(pod, self.budgets, list(self._pods.values()), self._controllers)
        if verdict.granted and not pod.terminating:
            self._pods[pod.key] = replace(pod, terminating=True)
            self._going.append(pod.key)
        return verdict

    def settle(self) -> list[Pod]:
        """One step; the pods that are Ready after it and were not before."""
        gone = [self._pods.pop(key) for key in self._going]
        self._going = []
        # A successor of the same name can only be made when the name is free: others are faster.
        for pod in sorted(gone, key=lambda one: one.is_owned_by("StatefulSet")):
            self.successions[pod.key] = Succession(pod, self._successor(pod))
        arrived: list[Pod] = []
        placed = self._bring_successors()
        while placed:
            arrived += placed
            # Those that waited for these to be Ready come after them.
            placed = self._bring_successors()
        return [pod for pod in arrived if pod.healthy]

    def _bring_successors(self) -> list[Pod]:
        """Make what may be made, then bring it to nodes; what has found one."""
        waiting = [one for one in self.successions.values() if one.successor is not None and not one.successor.node]
        reasons = {one.former.key: self._reason_not_to_make(one.successor) for one in waiting if one.successor}
        return [pod for pod in (self._bring(one, reasons[one.former.key]) for one in waiting) if pod is not None]

    def _successor(self, pod: Pod) -> Optional[Pod]:
        if pod.owner is None or pod.finished or pod.mirror:
            return None
        workload = self._controllers.of(pod.namespace, pod.owner)
        if workload is not None and workload.replicas is not None:
            if sum(one.active for one in self._siblings(pod)) >= workload.replicas:
                return None
        return replace(pod, name=self._name(pod), node="", phase=PENDING, ready=False, terminating=False)

    def _siblings(self, pod: Pod) -> list[Pod]:
        """What its controller has made, or will as soon as it may."""
        waiting = [one.successor for one in self.successions.values() if one.successor is not None]
        known = {**{one.key: one for one in waiting}, **self._pods}
        return [one for one in known.values() if one.namespace == pod.namespace and one.owner == pod.owner]

    def _name(self, pod: Pod) -> str:
        """A StatefulSet uses the name again; others make up one, for which this one, that no pod can have, stands."""
        if pod.is_owned_by("StatefulSet"):
            return pod.name
        self._made += 1
        return f"{pod.owner.name if pod.owner else pod.name}~{self._made}"

    def _reason_not_to_make(self, successor: Pod) -> str:
        """A StatefulSet that goes by order makes a pod only when all before it are Ready."""
        workload = self._controllers.of(successor.namespace, successor.owner)
        if successor.key in self._pods or workload is None or not workload.ordered:
            return ""
        before = [one for one in self._siblings(successor) if one.ordinal < successor.ordinal and not one.healthy]
        if not before:
            return ""
        first = min(before, key=lambda one: one.ordinal)
        return f"{successor.owner} makes it only when {first.full_name} is Ready"

    def _bring(self, succession: Succession, reason: str) -> Optional[Pod]:
        """Bring a successor to a node; None when there is a reason not to make it, or no node takes it."""
        former, successor = succession.former, succession.successor
        node = ""
        if successor is not None and not reason:
            node, reason = choose_node(successor, self.nodes, self._pods.values())
            if node:
                successor = replace(successor, node=node, phase=RUNNING, ready=former.ready)
            self._pods[successor.key] = successor
        self.successions[former.key] = Succession(former, successor, reason)
        return successor if node else None
