"""Small manifests that tests begin with."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def config_map(
    name: str, data: dict[str, str] | None = None, labels: dict[str, str] | None = None, **more: Any
) -> Object:
    metadata = {"name": name, **({"labels": labels} if labels else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"a": "1"}, **more}


def policy(name: str, **spec: Any) -> Object:
    """A NetworkPolicy; without more it lets nothing in."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {"podSelector": {}, **spec},
    }


def budget(name: str, app: str = "web", **spec: Any) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": app}}, **spec},
    }


def container(name: str = "web", **more: Any) -> Object:
    return {"name": name, "image": "example.invalid/web:1", **more}


def pod(name: str, app: str = "web", **spec: Any) -> Object:
    """A pod that no cluster places anywhere, as no node has what it wants."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {"nodeSelector": {"omnimind.test/none": "such"}, "containers": [container()], **spec},
    }


def workload(kind: str, name: str, replicas: int = 1, pod_spec: Object | None = None, **spec: Any) -> Object:
    """A Deployment or a StatefulSet of pods with the label `app`, the name of it."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container()], **(pod_spec or {})}},
            **({"serviceName": name} if kind == "StatefulSet" else {}),
            **spec,
        },
    }


def service(name: str, **spec: Any) -> Object:
    ports = [{"name": "http", "port": 80}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": ports, **spec}}
