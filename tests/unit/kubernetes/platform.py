"""The platform as users declare it, what runs of it and beside it, and by hand who may talk to whom."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import (
    Cluster,
    read_endpoint,
)

DECLARED: dict[str, Any] = yaml.safe_load(
    """
components:
  frontend: {labels: {component: frontend}}
  backend: {labels: {component: backend}}
  redis: {labels: {component: redis}}
  sentinel: {labels: {component: sentinel}}
  exporter: {labels: {component: exporter}}
peers:
  gateway: {namespace: gateway-system, labels: {app: gateway}}
  prometheus: {namespace: monitoring, labels: {app.kubernetes.io/name: prometheus}}
  internet:
    cidrs: [0.0.0.0/0, '::/0']
    except: [10.0.0.0/8, 192.168.0.0/16, 'fc00::/7']
flows:
  - {from: gateway, to: frontend, ports: [http]}
  - {from: [gateway, frontend, prometheus], to: backend, ports: [8000]}
  - {from: [backend, redis, sentinel, exporter], to: redis, ports: ['6379']}
  - {from: redis, to: redis, ports: [16379]}
  - {from: [backend, sentinel, exporter], to: sentinel, ports: [26379]}
  - {from: prometheus, to: exporter, ports: [{port: 9121}]}
  - {from: backend, to: internet, ports: [443]}
"""
)

# Of `web-0` the part before the dash is who it is. What is not in `omnimind` is beside the platform.
_RUNNING = """
frontend-0: {namespace: omnimind, labels: {component: frontend, x: y}, ports: {http: 8080}, addresses: [10.0.0.1]}
frontend-1: {namespace: omnimind, labels: {component: frontend}, ports: {http: 8081}, addresses: [10.0.0.2, 'fd00::2']}
backend-0: {namespace: omnimind, labels: {component: backend}, ports: {http: 8000}, addresses: [10.0.0.3, 'fd00::3']}
backend-1: {namespace: omnimind, labels: {component: backend}, ports: {http: 8000}, addresses: [10.0.0.4]}
redis-0: {namespace: omnimind, labels: {component: redis}, addresses: [10.0.0.5]}
redis-1: {namespace: omnimind, labels: {component: redis}, addresses: [10.0.0.6]}
sentinel-0: {namespace: omnimind, labels: {component: sentinel}, addresses: [10.0.0.7]}
sentinel-1: {namespace: omnimind, labels: {component: sentinel}, addresses: [10.0.0.8]}
exporter-0: {namespace: omnimind, labels: {component: exporter}, addresses: [10.0.0.9]}
stranger-0: {namespace: omnimind, labels: {app: frontend}, ports: {http: 8080}, addresses: [10.0.0.10]}
bare-0: {namespace: omnimind, addresses: [10.0.0.11]}
dns-0: {namespace: kube-system, labels: {k8s-app: kube-dns}, addresses: [10.0.1.1, 'fd00::1:1']}
metrics-0: {namespace: kube-system, labels: {k8s-app: metrics}, addresses: [10.0.1.2]}
gateway-0: {namespace: gateway-system, labels: {app: gateway}, addresses: [10.0.2.1]}
certificates-0: {namespace: gateway-system, labels: {app: certificates}, addresses: [10.0.2.2]}
prometheus-0: {namespace: monitoring, labels: {app.kubernetes.io/name: prometheus}, addresses: [10.0.3.1]}
grafana-0: {namespace: monitoring, labels: {app.kubernetes.io/name: grafana}, addresses: [10.0.3.2]}
copy-0: {namespace: default, labels: {component: frontend, app: gateway, k8s-app: kube-dns}, addresses: [10.0.4.1]}
copy-1: {namespace: default, labels: {component: redis, app.kubernetes.io/name: prometheus}, addresses: [10.0.4.2]}
internet-0: {addresses: [203.0.113.7]}
internet-1: {addresses: ['2001:db8::7']}
intranet-0: {addresses: [192.168.1.5]}
intranet-1: {addresses: ['fd12::5']}
"""
CLUSTER = Cluster(
    tuple(read_endpoint(name, {"name": name, **fields}) for name, fields in yaml.safe_load(_RUNNING).items()),
    {name: {} for name in ("omnimind", "kube-system", "gateway-system", "monitoring", "default")},
)

# Written by hand, not made of the flows.
ALLOWED = {
    "gateway > frontend-0": {"TCP 8080"},
    "gateway > frontend-1": {"TCP 8081"},
    "gateway > backend": {"TCP 8000"},
    "frontend > backend": {"TCP 8000"},
    "backend > redis": {"TCP 6379"},
    "redis > redis": {"TCP 6379", "TCP 16379"},
    "backend > sentinel": {"TCP 26379"},
    "sentinel > redis": {"TCP 6379"},
    "sentinel > sentinel": {"TCP 26379"},
    "exporter > redis": {"TCP 6379"},
    "exporter > sentinel": {"TCP 26379"},
    "prometheus > backend": {"TCP 8000"},
    "prometheus > exporter": {"TCP 9121"},
    "backend > internet": {"TCP 443"},
    **{f"{who} > dns": {"UDP 53", "TCP 53"} for who in ("frontend", "backend", "redis", "sentinel", "exporter")},
}
# All that are in a flow, those beside, and some more.
PORTS = [
    *((port, "TCP") for port in (22, 53, 443, 6378, 6379, 6380, 8000, 8080, 8081, 9121, 16379, 26379, 65535)),
    *((port, "UDP") for port in (53, 443, 8000)),
    (6379, "SCTP"),
]


def may(source: str, destination: str, port: int, protocol: str) -> bool:
    """Whether it is written that a pod may reach a port of another."""
    kinds = [name.rpartition("-")[0] for name in (source, destination)]
    ends = (f"{kinds[0]} > {kinds[1]}", f"{kinds[0]} > {destination}")
    return any(f"{protocol} {port}" in ALLOWED.get(end, ()) for end in ends)
