"""NetworkPolicy once more, out of manifests as they are, in the plainest way: what the evaluator is compared with.

It shares nothing with the evaluator but the endpoints, and has no memory and no explanation.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any, Optional

Manifest = dict[str, Any]


def allowed(
    manifests: list[Manifest], namespaces: Any, a: Any, b: Any, port: int, protocol: str, ip: Optional[int]
) -> bool:
    if a == b and not a.several:
        return True
    if a.node and a.node == b.node and (loose(a) or loose(b)):
        return True
    return side(manifests, namespaces, "Egress", a, b, b, port, protocol, ip) and side(
        manifests, namespaces, "Ingress", b, a, b, port, protocol, ip
    )


def loose(endpoint: Any) -> bool:
    return endpoint.host_network or not endpoint.namespace


def side(
    manifests: Any, namespaces: Any, kind: str, me: Any, other: Any, to: Any, port: int, protocol: str, ip: Any
) -> bool:
    mine = [m for m in manifests if applies(m, kind, me)]
    rules = [(m, rule) for m in mine for rule in m["spec"].get(kind.lower()) or []]
    field = {"Egress": "to", "Ingress": "from"}[kind]
    return not mine or any(
        (not rule.get("ports") or any(port_fits(p, to, port, protocol) for p in rule["ports"]))
        and (not rule.get(field) or any(peer_fits(p, m, namespaces, other, ip) for p in rule[field]))
        for m, rule in rules
    )


def applies(m: Manifest, kind: str, me: Any) -> bool:
    types = m["spec"].get("policyTypes") or ["Ingress"] + ["Egress"] * bool(m["spec"].get("egress"))
    same = not loose(me) and m["metadata"]["namespace"] == me.namespace
    return same and kind in types and labels_fit(m["spec"].get("podSelector", {}), me.labels)


def port_fits(p: Manifest, to: Any, port: int, protocol: str) -> bool:
    if p.get("protocol", "TCP") != protocol:
        return False
    if isinstance(p.get("port"), str):
        return any((n.name, n.number, n.protocol) == (p["port"], port, protocol) for n in to.ports)
    return "port" not in p or p["port"] <= port <= p.get("endPort", p["port"])


def peer_fits(p: Manifest, m: Manifest, namespaces: Any, other: Any, ip: Any) -> bool:
    if "ipBlock" in p:
        block = p["ipBlock"]
        return any(
            address.version == ip
            and address in ip_network(block["cidr"])
            and not any(address in ip_network(e) for e in block.get("except", []))
            for address in other.addresses
        )
    if loose(other):
        return False
    if "namespaceSelector" in p:
        labels = {**namespaces[other.namespace], "kubernetes.io/metadata.name": other.namespace}
        if not labels_fit(p["namespaceSelector"], labels):
            return False
    elif other.namespace != m["metadata"]["namespace"]:
        return False
    return labels_fit(p.get("podSelector", {}), other.labels)


def labels_fit(selector: Manifest, labels: Any) -> bool:
    tests = {
        "In": lambda e: labels.get(e["key"]) in e["values"],
        "NotIn": lambda e: labels.get(e["key"]) not in e["values"],
        "Exists": lambda e: e["key"] in labels,
        "DoesNotExist": lambda e: e["key"] not in labels,
    }
    return all(labels.get(k) == v for k, v in selector.get("matchLabels", {}).items()) and all(
        tests[e["operator"]](e) for e in selector.get("matchExpressions", [])
    )
