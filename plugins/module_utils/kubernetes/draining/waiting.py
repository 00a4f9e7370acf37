# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a drain waits for: that what it evicted is gone, and that what comes in its place is Ready."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..budgets.metadata import Owner
from ..budgets.nodes import choose_node
from ..budgets.pods import Pod
from ..budgets.workloads import UNSCALED, Controllers, Workload
from ..budgets.world import Cluster
from ..observing import Observation


@dataclass(frozen=True)
class _Crew:
    """The pods of one controller as they were before the first of them was evicted.

    Args:
        size: how many there were.
        unready: names of those that ran and were not Ready: nothing that a drain does heals them.
        known: whether the controller could be read.
    """

    size: int
    unready: tuple[str, ...]
    known: bool


class Awaited:
    """Grows with every eviction."""

    def __init__(self) -> None:
        self._going: dict[str, Pod] = {}
        self._crews: dict[tuple[str, Owner], _Crew] = {}

    def expect(self, pod: Pod, seen: Observation) -> None:
        """Wait for the end of this pod, and for its successor if there will be one; call it before the eviction."""
        self._going[seen.uid(pod)] = pod
        if pod.owner is None or pod.owner.kind in UNSCALED or pod.finished or pod.terminating:
            return  # what a Job makes may be over before it is Ready, and what goes already is another's affair
        if (pod.namespace, pod.owner) in self._crews:
            return
        cluster = seen.cluster
        crew = _active(cluster, pod.namespace, pod.owner)
        unready = tuple(one.name for one in crew if not one.healthy and not _is_stuck(one, cluster))
        known = Controllers(cluster.workloads).of(pod.namespace, pod.owner) is not None
        self._crews[pod.namespace, pod.owner] = _Crew(len(crew), unready, known)

    def forget(self, pod: Pod, seen: Observation) -> None:
        """It was not evicted."""
        self._going.pop(seen.uid(pod), None)

    def missing(self, seen: Observation) -> list[str]:
        """Sentences about what is not there yet; none when there is nothing to wait for.

        A successor that no node takes is not waited for, nor is one that is made only after it.
        """
        there = set(seen.uids.values())
        self._going = {uid: pod for uid, pod in self._going.items() if uid in there}
        found = [f"{pod.full_name} on {pod.node} is still going" for pod in self._going.values()]
        controllers = Controllers(seen.cluster.workloads)
        for (namespace, owner), crew in self._crews.items():
            workload = controllers.of(namespace, owner)
            if workload is None and crew.known:
                continue  # deleted meanwhile
            wanted = crew.size if workload is None or workload.replicas is None else min(crew.size, workload.replicas)
            pods = _active(seen.cluster, namespace, owner)
            if _accounted(pods, crew, workload, seen.cluster) < wanted:
                ready = sum(pod.healthy for pod in pods)
                found.append(f"{owner.kind} {namespace}/{owner.name} has {ready} pods that are Ready, of {wanted}")
        return found


def _active(cluster: Cluster, namespace: str, owner: Owner) -> list[Pod]:
    return [pod for pod in cluster.pods if (pod.namespace, pod.owner) == (namespace, owner) and pod.active]


def _is_stuck(pod: Pod, cluster: Cluster) -> bool:
    return not pod.node and not choose_node(pod, cluster.nodes, cluster.pods)[0]


def _accounted(pods: Sequence[Pod], crew: _Crew, workload: Optional[Workload], cluster: Cluster) -> int:
    """How many pods are as they can be: Ready, or for a reason not."""
    stuck = [pod for pod in pods if not pod.healthy and _is_stuck(pod, cluster)]
    unready = sum(not pod.healthy for pod in pods) - len(stuck)
    obstacles = [*stuck, *(pod for pod in pods if not pod.healthy and pod.name in crew.unready)]
    healthy = sum(pod.healthy for pod in pods)
    return healthy + len(stuck) + min(unready, len(crew.unready)) + _never_made(pods, obstacles, workload)


def _never_made(pods: Sequence[Pod], obstacles: Sequence[Pod], workload: Optional[Workload]) -> int:
    """How many a StatefulSet that goes by order does not make, as one before them is not Ready."""
    if workload is None or not workload.ordered or not obstacles:
        return 0
    there = {pod.ordinal for pod in pods}
    first = min(pod.ordinal for pod in obstacles)
    return sum(number not in there for number in range(first + 1, workload.replicas or 0))
