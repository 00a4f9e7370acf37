# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which pods of a node a drain evicts, which it leaves, and which it must not touch without being told to."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from .pods import Pod


@dataclass(frozen=True)
class Permissions:
    """What a drain may do beside evicting pods that somebody makes anew elsewhere.

    Args:
        leave_daemon_sets: finish while pods of DaemonSets still run; those are on every node anyway.
        lose_local_data: evict pods with an emptyDir, whose content is lost.
        lose_bare_pods: evict pods without a controller, which nobody makes anew.
    """

    leave_daemon_sets: bool = True
    lose_local_data: bool = False
    lose_bare_pods: bool = False


@dataclass(frozen=True)
class Blocker:
    """Why a pod stays. `code` is a word to act by, `message` a sentence, `remedy` what to do."""

    code: str
    pod: str
    node: str
    message: str
    remedy: str
    budgets: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "budgets": list(self.budgets)}


@dataclass(frozen=True)
class Selection:
    """The pods of one node, each in one of these, and in the order in which the API lists them.

    Args:
        evicted: what is to be evicted.
        going: what goes already, and is only waited for.
        left: what stays, as it should.
        refused: why nothing is done at all.
    """

    evicted: tuple[Pod, ...] = ()
    going: tuple[Pod, ...] = ()
    left: tuple[Pod, ...] = ()
    refused: tuple[Blocker, ...] = ()


def select_pods(node: str, pods: Iterable[Pod], permissions: Permissions) -> Selection:
    """What a drain of this node is about. What has finished may always go: nobody needs it any more."""
    evicted, going, left, refused = [], [], [], []
    for pod in sorted((pod for pod in pods if pod.node == node), key=lambda pod: pod.key):
        if pod.mirror or (pod.is_owned_by("DaemonSet") and not pod.finished and permissions.leave_daemon_sets):
            left.append(pod)
        elif pod.terminating:
            going.append(pod)
        elif pod.finished:
            evicted.append(pod)
        else:
            found = _objections(pod, permissions)
            refused += found
            evicted += [] if found else [pod]
    return Selection(tuple(evicted), tuple(going), tuple(left), tuple(refused))


def _objections(pod: Pod, permissions: Permissions) -> list[Blocker]:
    def blocker(code: str, message: str, remedy: str) -> Blocker:
        return Blocker(code, pod.full_name, pod.node, f"{pod.full_name} {message}", remedy)

    if pod.is_owned_by("DaemonSet"):
        message = f"belongs to {pod.owner}, which would make it anew on the same node"
        return [blocker("daemon_set", message, "allow that pods of DaemonSets are left")]
    found = []
    if pod.owner is None and not permissions.lose_bare_pods:
        message = "has no controller: nobody would make it anew"
        found.append(blocker("no_controller", message, "delete it, or allow that such pods are lost"))
    if pod.local_storage and not permissions.lose_local_data:
        message = "has an emptyDir, whose content would be lost"
        found.append(blocker("local_storage", message, "save what is in it, then allow that local data is lost"))
    return found
