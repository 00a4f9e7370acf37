# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster as a drain must know it: nodes, pods, budgets, and what makes the pods."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .budgets.budgets import read_budget
from .budgets.nodes import read_node
from .budgets.pods import Pod, read_pod
from .budgets.workloads import read_workload
from .budgets.world import Cluster
from .client import Client

WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")


@dataclass(frozen=True)
class Observation:
    """What there was, and which object each pod is: one that is made anew may have the same name."""

    cluster: Cluster
    uids: Mapping[tuple[str, str], str]

    def uid(self, pod: Pod) -> str:
        return self.uids.get(pod.key, "")


def observe(client: Client) -> Observation:
    """All of it, of every namespace; ApiRefusal when that may not be read."""
    nodes = tuple(read_node(one) for one in client.list("Node"))
    workloads = tuple(read_workload(one) for kind in WORKLOADS for one in client.list(kind))
    budgets = tuple(read_budget(one) for one in client.list("PodDisruptionBudget"))
    manifests = client.list("Pod")
    pods = tuple(read_pod(one) for one in manifests)
    uids = {pod.key: one["metadata"].get("uid", "") for pod, one in zip(pods, manifests)}
    return Observation(Cluster(nodes, pods, budgets, workloads), uids)
