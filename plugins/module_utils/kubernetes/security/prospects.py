# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pods that may come: a proof before anything runs is one about all of them, and about strangers."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Dict, List, Tuple

from .declaration import Declaration

Object = Dict[str, Any]
# A namespace that nobody has, as its name is no name.
_ELSEWHERE = "elsewhere"


def imagined(declared: Declaration) -> Tuple[List[Object], List[Object]]:
    """Endpoints, as k8s_network_flows_assert takes them, and Namespaces of labels that a peer is found by.

    One of each component and of each peer that is pods, and one that is nobody, here and elsewhere.
    """
    ports = _ports(declared.policies)
    place = {"several": True, "ports": ports}
    endpoints: List[Object] = [
        {"name": f"any {name}", "namespace": declared.namespace, "labels": dict(one["labels"]), **place}
        for name, one in declared.components.items()
    ]
    namespaces = []
    for name, entry in declared.peers.items():
        for index, peer in enumerate([entry] if isinstance(entry, Mapping) else entry):
            if "cidrs" in peer:
                continue
            where = peer.get("namespace")
            if where is None:
                where = f"namespace-of-{name}-{index}"
                metadata = {"name": where, "labels": dict(peer.get("namespace_labels") or {})}
                namespaces.append({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
            labels = dict(peer.get("labels") or {})
            endpoints.append({"name": f"any {name} {index}", "namespace": where, "labels": labels, **place})
    strangers = [{"name": "a stranger", "namespace": where, **place} for where in (declared.namespace, _ELSEWHERE)]
    return [*endpoints, *strangers], namespaces


def _ports(policies: Iterable[Mapping[str, Any]]) -> Object:
    """Every port that a rule names, with a number of its own."""
    return {
        name: {"number": 1 + index, "protocol": protocol}
        for index, (name, protocol) in enumerate(dict(sorted(_named(policies))).items())
    }


def _named(policies: Iterable[Mapping[str, Any]]) -> Iterator[Tuple[str, str]]:
    for policy in policies:
        for rule in policy["spec"].get("ingress", []) + policy["spec"].get("egress", []):
            for port in rule["ports"]:
                if isinstance(port.get("port"), str):
                    yield port["port"], port["protocol"]


def looked_at(declared: Declaration, live: Mapping[str, Mapping[str, str]]) -> List[str]:
    """Namespaces that are there and have pods of ours, or of a peer.

    Args:
        live: labels by the names of namespaces.
    """
    found = {declared.namespace}
    for entry in declared.peers.values():
        for peer in [entry] if isinstance(entry, Mapping) else entry:
            if "namespace" in peer:
                found.add(peer["namespace"])
            # All of them may be thousands, and prove nothing more than one.
            wanted = peer.get("namespace_labels") or {}
            found |= {name for name, labels in live.items() if wanted and wanted.items() <= labels.items()}
    return sorted(found & set(live))
