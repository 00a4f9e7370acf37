# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Flows in, policies out: everything is denied in both directions, but for both halves of each flow."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional

from ..fields import read_mapping
from .declarations import Declaration, Flow, read_declaration, read_name, read_names
from .policies import API_VERSION, DIRECTIONS, EGRESS, INGRESS, PEERS
from .rules import LAST_PORT, Ports

# Who prunes looks for this label, and leaves alone what does not have it.
OWN_LABEL = "omnimind.platform/policy-set"
# The cluster's own name servers, in every common distribution.
CLUSTER_DNS = {"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
# By TCP as well: an answer that is too long for a datagram is asked for again.
_DNS_PORTS = (Ports("UDP", 53, 53), Ports("TCP", 53, 53))


def network_policies(
    flows: Any,
    namespace: Any,
    components: Any,
    peers: Optional[Any] = None,
    dns: Any = ("dns",),
    policy_set: Any = "platform",
) -> list[dict[str, Any]]:
    """The whole set of a namespace, for which see the documentation of the filter of this name.

    They are in the order in which they are applied. A component's policy has all that the component needs, and what
    denies everything comes last: whatever part of them is there, no flow that is allowed is cut.

    Raises:
        ManifestError: its message begins with the place, such as `flows[3].to`.
    """
    namespace, policy_set = read_name("namespace", namespace), read_name("policy_set", policy_set)
    others = read_mapping("peers", {} if peers is None else peers)
    declared = read_declaration(flows, components, {"dns": CLUSTER_DNS, **others})
    asked = read_names("dns", dns or [], list(declared.peers), "component or peer")
    names = [
        Flow(component, server, ports) for component in declared.components for server in asked for ports in _DNS_PORTS
    ]
    specs = {
        f"allow-{name}": _spec({"matchLabels": dict(labels)}, name, declared, [*names, *declared.flows])
        for name, labels in sorted(declared.components.items())
    }
    specs["default-deny"] = {"podSelector": {}, "policyTypes": [one.capitalize() for one in DIRECTIONS]}
    return [
        {
            "apiVersion": API_VERSION,
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace, "labels": {OWN_LABEL: policy_set}},
            "spec": spec,
        }
        for name, spec in specs.items()
    ]


def _spec(selector: dict[str, Any], name: str, declared: Declaration, flows: Iterable[Flow]) -> dict[str, Any]:
    """Of a component: who may reach it, and whom it may reach. A list without rules is left out, as the API does it."""
    others: dict[str, dict[str, set[Ports]]] = {direction: {} for direction in DIRECTIONS}
    for flow in flows:
        if flow.destination == name:
            others[INGRESS].setdefault(flow.source, set()).add(flow.ports)
        if flow.source == name:
            others[EGRESS].setdefault(flow.destination, set()).add(flow.ports)
    rules = {direction: _rules(direction, found, declared) for direction, found in others.items() if found}
    return {"podSelector": selector, "policyTypes": [one.capitalize() for one in DIRECTIONS], **rules}


def _rules(direction: str, others: Mapping[str, set[Ports]], declared: Declaration) -> list[dict[str, Any]]:
    """A rule for everyone at the other end."""
    return [
        {
            PEERS[direction]: [dict(peer) for peer in declared.peers[other]],
            "ports": [_entry(one) for one in sorted(ports, key=lambda p: (p.protocol, p.name, p.first, p.last))],
        }
        for other, ports in sorted(others.items())
    ]


def _entry(ports: Ports) -> dict[str, Any]:
    if ports.name:
        return {"protocol": ports.protocol, "port": ports.name}
    if (ports.first, ports.last) == (1, LAST_PORT):
        return {"protocol": ports.protocol}
    last = {"endPort": ports.last} if ports.last > ports.first else {}
    return {"protocol": ports.protocol, "port": ports.first, **last}
