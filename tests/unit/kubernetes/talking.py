"""A small cluster to try policies on, and short ways to write them."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import (
    Cluster,
    Endpoint,
    read_endpoint,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.evaluation import Evaluator, Verdict
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.policies import Policy, read_policy

NAMESPACES = {"shop": {"team": "a"}, "store": {"team": "b"}, "kube-system": {}}

DECLARED = """
web: {namespace: shop, node: one, labels: {app: web, tier: front}, addresses: [10.0.0.1, 'fd00::1'], ports: {http: 80}}
api: {namespace: shop, node: two, labels: {app: api, tier: back}, addresses: [10.0.0.2, 'fd00::2'],
      ports: {http: 8000, names: {number: 53, protocol: UDP}, signal: {number: 9000, protocol: SCTP}}}
old: {namespace: shop, node: two, labels: {app: api, age: ''}, addresses: [10.0.0.3], ports: {http: 8001}}
bare: {namespace: shop, node: two}
far: {namespace: store, node: one, labels: {app: web}, addresses: [10.0.1.1, 'fd00::1:1'], ports: {http: 8000}}
dns: {namespace: kube-system, node: two, labels: {k8s-app: dns}, addresses: [10.0.2.1, 'fd00::2:1'],
      ports: {dns: {number: 53, protocol: UDP}, dns-tcp: 53}}
host: {namespace: shop, node: one, labels: {app: web}, addresses: [10.9.0.1], host_network: true}
one: {node: one, addresses: [10.9.0.1]}
two: {node: two, addresses: [10.9.0.2]}
out: {addresses: [203.0.113.7, '2001:db8::7']}
out6: {addresses: ['2001:db8::6']}
"""

ENDPOINTS: dict[str, Endpoint] = {
    name: read_endpoint(name, {"name": name, **fields}) for name, fields in yaml.safe_load(DECLARED).items()
}
CLUSTER = Cluster(tuple(ENDPOINTS.values()), NAMESPACES)


def manifest(spec: Any, name: str = "rule", namespace: str = "shop") -> dict[str, Any]:
    """A NetworkPolicy; its spec may be a text of YAML."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": yaml.safe_load(spec) if isinstance(spec, str) else spec,
    }


def policies(*specs: Any) -> list[Policy]:
    """Policies of `shop`, named `rule-0` and so on."""
    return [read_policy(manifest(spec, f"rule-{index}")) for index, spec in enumerate(specs)]


def verdict(specs: tuple[Any, ...], flow: str, cluster: Cluster = CLUSTER) -> Verdict:
    """Of a flow such as `web api TCP 80`, or `web api TCP 80 6` by that version of IP."""
    source, destination, protocol, port, *family = flow.split()
    by_name = {endpoint.name: endpoint for endpoint in cluster.endpoints}
    return Evaluator(policies(*specs), cluster).verdict(
        by_name[source], by_name[destination], int(port), protocol, *map(int, family)
    )
