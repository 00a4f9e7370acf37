# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a pod asks of the node it runs on: labels, taints that it tolerates, and pods that it will not be beside."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..errors import ManifestError
from ..fields import read_labels, read_list, read_mapping
from ..selectors import Selector, read_selector

HOSTNAME = "kubernetes.io/hostname"
_NUMERIC = ("Gt", "Lt")


@dataclass(frozen=True)
class Taint:
    """Something about a node that keeps pods off it. Those with the effect PreferNoSchedule do not."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


@dataclass(frozen=True)
class Toleration:
    """Without a key it is for every taint, without an effect for every effect; `value` is None for any value."""

    key: str = ""
    value: Optional[str] = None
    effect: str = ""

    def tolerates(self, taint: Taint) -> bool:
        return (
            self.effect in ("", taint.effect)
            and self.key in ("", taint.key)
            and (self.value is None or self.value == taint.value)
        )


@dataclass(frozen=True)
class Apart:
    """Required anti-affinity: no such pod may be in the same place.

    Args:
        topology: the label of nodes that says what one place is.
        selector: which pods; None selects none.
        namespaces: where; None is everywhere.
    """

    topology: str
    selector: Optional[Selector]
    namespaces: Optional[tuple[str, ...]]

    def minds(self, namespace: str, labels: Mapping[str, str]) -> bool:
        is_near = self.namespaces is None or namespace in self.namespaces
        return is_near and self.selector is not None and self.selector.matches(labels)


@dataclass(frozen=True)
class Placement:
    """What a pod asks.

    Args:
        node_labels: labels that the node must have (nodeSelector).
        affinity: required node affinity: one of these must hold; None when there is none.
        tolerations: taints that it does not mind.
        apart: pods that it will not be beside.
    """

    node_labels: Mapping[str, str] = field(default_factory=dict)
    affinity: Optional[tuple[Selector, ...]] = None
    tolerations: tuple[Toleration, ...] = ()
    apart: tuple[Apart, ...] = ()


def read_placement(where: str, spec: Mapping[str, Any], namespace: str) -> Placement:
    """From the spec of a pod in this namespace; ManifestError if the spec is none."""
    affinity = read_mapping(f"{where}.affinity", spec.get("affinity", {}))
    return Placement(
        read_labels(f"{where}.nodeSelector", spec.get("nodeSelector")),
        _node_affinity(f"{where}.affinity.nodeAffinity", affinity.get("nodeAffinity", {})),
        tuple(
            _toleration(f"{where}.tolerations[{index}]", entry)
            for index, entry in enumerate(read_list(f"{where}.tolerations", spec.get("tolerations", [])))
        ),
        _apart(f"{where}.affinity.podAntiAffinity", affinity.get("podAntiAffinity", {}), namespace),
    )


def _node_affinity(where: str, value: Any) -> Optional[tuple[Selector, ...]]:
    required = read_mapping(where, value).get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return None
    where = f"{where}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    terms = read_list(where, read_mapping(where, required).get("nodeSelectorTerms", []))
    return tuple(term for index, entry in enumerate(terms) for term in _node_term(f"{where}[{index}]", entry))


def _node_term(where: str, value: Any) -> list[Selector]:
    """A term as a selector of nodes' labels; none for one that is empty, or names a node: it selects no other."""
    fields = read_mapping(where, value, ("matchExpressions", "matchFields"))
    if fields.get("matchFields") or not fields.get("matchExpressions"):
        return []
    expressions = read_list(f"{where}.matchExpressions", fields["matchExpressions"])
    # Gt and Lt compare numbers, which selectors of pods do not: the label must be there, at least.
    known = [
        {"key": one["key"], "operator": "Exists"} if one.get("operator") in _NUMERIC else one for one in expressions
    ]
    return [read_selector(where, {"matchExpressions": known})]


def _toleration(where: str, value: Any) -> Toleration:
    fields = read_mapping(where, value, ("key", "operator", "value", "effect", "tolerationSeconds"))
    operator = fields.get("operator", "Equal")
    if operator not in ("Equal", "Exists"):
        raise ManifestError(f"{where}.operator", f"it is Equal or Exists, not {operator!r}")
    wanted = None if operator == "Exists" else str(fields.get("value", ""))
    return Toleration(str(fields.get("key", "")), wanted, str(fields.get("effect", "")))


def _apart(where: str, value: Any, namespace: str) -> tuple[Apart, ...]:
    where = f"{where}.requiredDuringSchedulingIgnoredDuringExecution"
    terms = read_list(where, read_mapping(where, value).get("requiredDuringSchedulingIgnoredDuringExecution", []))
    return tuple(_one_apart(f"{where}[{index}]", term, namespace) for index, term in enumerate(terms))


def _one_apart(where: str, value: Any, namespace: str) -> Apart:
    fields = read_mapping(where, value, required=("topologyKey",))
    selector = fields.get("labelSelector")
    named = read_list(f"{where}.namespaces", fields.get("namespaces", []))
    # Which namespaces a selector means is not known here: all of them, so that no pod is placed too boldly.
    everywhere = "namespaceSelector" in fields
    return Apart(
        str(fields["topologyKey"]),
        None if selector is None else read_selector(f"{where}.labelSelector", selector),
        None if everywhere else tuple(map(str, named)) or (namespace,),
    )
