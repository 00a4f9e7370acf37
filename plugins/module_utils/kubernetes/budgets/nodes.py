# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes, and which of them takes a pod that has none."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..errors import ManifestError
from ..fields import read_list, read_mapping
from ..pod_resources import Amounts
from ..quantities import format_quantity, read_quantities
from .metadata import read_metadata
from .placement import HOSTNAME, Taint
from .pods import Pod


@dataclass(frozen=True)
class Node:
    """A node.

    Args:
        cordoned: what keeps every new pod off it.
        room: what it has for pods; a resource that is not among it is not looked at.
    """

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    cordoned: bool = False
    ready: bool = True
    taints: tuple[Taint, ...] = ()
    room: Amounts = field(default_factory=dict)

    def place(self, topology: str) -> str:
        """The value of this label, by which two nodes are one place; a node is named by its host name anyway."""
        return self.labels.get(topology, self.name if topology == HOSTNAME else "")


def read_node(manifest: Any) -> Node:
    """A node as the API gives it; ManifestError if it is none."""
    metadata = read_metadata(manifest, ("Node",))
    where = f"Node {metadata.name}: "
    spec = read_mapping(f"{where}spec", manifest.get("spec") or {})
    status = read_mapping(f"{where}status", manifest.get("status") or {})
    conditions = read_list(f"{where}status.conditions", status.get("conditions", []))
    return Node(
        metadata.name,
        metadata.labels,
        bool(spec.get("unschedulable", False)),
        any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions),
        tuple(
            _taint(f"{where}spec.taints[{index}]", entry)
            for index, entry in enumerate(read_list(f"{where}spec.taints", spec.get("taints", [])))
        ),
        read_quantities(f"{where}status.allocatable", status.get("allocatable")),
    )


def _taint(where: str, value: Any) -> Taint:
    fields = read_mapping(where, value, required=("key", "effect"))
    if fields["effect"] not in ("NoSchedule", "PreferNoSchedule", "NoExecute"):
        raise ManifestError(f"{where}.effect", f"there is no effect {fields['effect']!r}")
    return Taint(str(fields["key"]), str(fields.get("value", "")), fields["effect"])


def choose_node(pod: Pod, nodes: Sequence[Node], pods: Iterable[Pod]) -> tuple[str, str]:
    """The name of the node that takes a pod, or "" and a sentence why none does.

    Of those that may, the one with the fewest pods, by name where that is equal: what the real scheduler
    weighs beside that is not known here.
    """
    held: dict[str, list[Pod]] = {node.name: [] for node in nodes}
    for other in pods:
        if other.node in held and not other.finished:
            held[other.node].append(other)
    taken = [place for node in nodes for other in held[node.name] for place in _places_taken(pod, other, node)]
    reasons = {node.name: _reason_against(pod, node, held[node.name], taken) for node in nodes}
    free = [name for name, reason in reasons.items() if not reason]
    if free:
        return min(free, key=lambda name: (len(held[name]), name)), ""
    return "", "; ".join(f"{name} {reason}" for name, reason in reasons.items()) or "there is no node"


@dataclass(frozen=True)
class _Occupied:
    """A place, told by a label of nodes, in which there is a pod that another must not be beside."""

    topology: str
    value: str
    by: Pod


def _places_taken(pod: Pod, other: Pod, node: Node) -> list[_Occupied]:
    """Where the other is, by every label on which it minds this pod or this pod minds it."""
    minded = [apart for apart in pod.placement.apart if apart.minds(other.namespace, other.labels)]
    minded += [apart for apart in other.placement.apart if apart.minds(pod.namespace, pod.labels)]
    return [_Occupied(apart.topology, node.place(apart.topology), other) for apart in minded]


def _reason_against(pod: Pod, node: Node, held: Sequence[Pod], taken: Sequence[_Occupied]) -> str:
    wish = pod.placement
    if node.cordoned:
        return "is cordoned"
    if not node.ready:
        return "is not ready"
    for taint in node.taints:
        if taint.effect != "PreferNoSchedule" and not any(one.tolerates(taint) for one in wish.tolerations):
            return f"has the taint {taint.key}:{taint.effect}"
    for key, value in wish.node_labels.items():
        if node.labels.get(key) != value:
            return f"has no label {key}={value}"
    if wish.affinity is not None and not any(term.matches(node.labels) for term in wish.affinity):
        return "does not meet the node affinity"
    for place in taken:
        if place.value and place.value == node.place(place.topology):
            return f"has {place.by.full_name}, which it must not be beside"
    return _lack(pod, node, held)


def _lack(pod: Pod, node: Node, held: Sequence[Pod]) -> str:
    """Which resource it has too little of, besides what the pods on it have asked for."""
    for name, room in node.room.items():
        left = room - sum(_taken(other, name) for other in held)
        if _taken(pod, name) > max(0, left):
            wanted, rest = format_quantity(name, _taken(pod, name)), format_quantity(name, max(Fraction(), left))
            return f"has {rest} of {name} left, and {wanted} is wanted"
    return ""


def _taken(pod: Pod, resource: str) -> Fraction:
    return Fraction(1) if resource == "pods" else pod.requests.get(resource, Fraction())
