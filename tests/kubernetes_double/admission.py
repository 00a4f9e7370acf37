"""What is decided about an object by others in its cluster: limits, quotas, Pod Security, addresses of services."""

from __future__ import annotations

from typing import Any

from . import limits, pod_security, quotas
from .errors import forbidden
from .kinds import BY_KIND, Kind
from .store import Store

Object = dict[str, Any]
_WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "Job")


def admit(store: Store, kind: Kind, found: Object, former: Object | None, warn: Any) -> None:
    """Fill in, warn or refuse (403); `former` is None for a new object."""
    if kind.kind == "Service":
        _address(store, found)
    if not kind.namespaced:
        return
    spec = found.get("spec", {})
    if kind.kind == "Pod" and former is None:
        limits.apply_limits(found, store.view(BY_KIND["LimitRange"], found["metadata"]["namespace"]))
        _secure(store, kind, found, spec, warn, enforced=True)
    elif kind.kind in _WORKLOADS:
        _secure(store, kind, found, spec["template"]["spec"], warn, enforced=False)
    if former is None:
        quotas.admit(store, kind, found)


def _secure(store: Store, kind: Kind, found: Object, spec: Object, warn: Any, enforced: bool) -> None:
    """Pods are refused by `enforce`; their templates are only warned about."""
    namespace = store.get(BY_KIND["Namespace"], "", found["metadata"]["namespace"]) or {"metadata": {}}
    labels = namespace["metadata"].get("labels", {})
    for mode in ("enforce", "warn"):
        level = labels.get(f"pod-security.kubernetes.io/{mode}", "privileged")
        version = labels.get(f"pod-security.kubernetes.io/{mode}-version", "latest")
        broken = pod_security.violations(spec, level)
        if not broken:
            continue
        if mode == "warn":
            warn(f'would violate PodSecurity "{level}:{version}": {", ".join(broken)}')
        elif enforced:
            words = f'violates PodSecurity "{level}:{version}": {", ".join(broken)}'
            raise forbidden(kind, found["metadata"]["name"], words)


def _address(store: Store, found: Object) -> None:
    spec = found["spec"]
    if spec["type"] == "ExternalName":
        return
    if not spec.get("clusterIP"):
        taken = {one["spec"].get("clusterIP") for one in store.view(BY_KIND["Service"])}
        spec["clusterIP"] = next(
            address for number in range(10, 60000)
            if (address := f"10.96.{number // 250}.{number % 250 + 1}") not in taken
        )  # fmt: skip
    spec["clusterIPs"] = [spec["clusterIP"]]
