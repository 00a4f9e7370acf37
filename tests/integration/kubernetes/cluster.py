"""The cluster that tests talk to: the real one that K8S_AUTH_KUBECONFIG leads to, else the double."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import config
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError
from kubernetes_double import KubernetesDouble

REAL = os.environ.get("K8S_AUTH_KUBECONFIG", "")
Object = dict[str, Any]
_PREFIXES = {
    "Namespace": "api/v1/namespaces",
    "Pod": "api/v1/pods",
    "ConfigMap": "api/v1/configmaps",
    "Secret": "api/v1/secrets",
    "Service": "api/v1/services",
    "ResourceQuota": "api/v1/resourcequotas",
    "LimitRange": "api/v1/limitranges",
    "Node": "api/v1/nodes",
    "ServiceAccount": "api/v1/serviceaccounts",
    "Deployment": "apis/apps/v1/deployments",
    "ReplicaSet": "apis/apps/v1/replicasets",
    "StatefulSet": "apis/apps/v1/statefulsets",
    "NetworkPolicy": "apis/networking.k8s.io/v1/networkpolicies",
    "PodDisruptionBudget": "apis/policy/v1/poddisruptionbudgets",
}


@dataclass(frozen=True)
class Answer:
    """What the server said, whether it did what it was asked or not."""

    status: int
    body: Any
    headers: Any

    @property
    def message(self) -> str:
        return self.body.get("message", "")

    @property
    def warnings(self) -> str:
        return self.headers.get("Warning") or ""


class Cluster:
    """`double` is None where the cluster is real."""

    def __init__(self, kubeconfig: Path, double: KubernetesDouble | None, cache: Path) -> None:
        self.kubeconfig, self.double = kubeconfig, double
        self.api = config.new_client_from_config(str(kubeconfig))
        self.client = DynamicClient(self.api, cache_file=str(cache))

    def resource(self, kind: str) -> Any:
        """The client's own view of a kind."""
        prefix = _PREFIXES[kind].split("/")
        return self.client.resources.get(api_version="/".join(prefix[1:-1]), kind=kind)

    def ask(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json", **query: Any
    ) -> Answer:
        """Send a request as it is; a refusal is an answer like others."""
        try:
            response = self.client.request(
                method, path, body=body, query_params=list(query.items()), content_type=content_type, serialize=False
            )
        except DynamicApiError as error:
            return Answer(error.status, json.loads(error.body), error.headers)
        return Answer(response.status, json.loads(response.data), response.headers)

    def path(self, kind: str, namespace: str = "", name: str = "", part: str = "") -> str:
        prefix, plural = _PREFIXES[kind].rsplit("/", 1)
        inside = ["namespaces", namespace] if namespace else []
        return "/" + "/".join(filter(None, [prefix, *inside, plural, name, part]))

    def create(self, manifest: Object, namespace: str = "", **query: Any) -> Answer:
        return self.ask("post", self.path(manifest["kind"], namespace), manifest, **query)

    def read(self, kind: str, namespace: str, name: str) -> Answer:
        return self.ask("get", self.path(kind, namespace, name))

    def replace(self, manifest: Object, namespace: str, part: str = "", **query: Any) -> Answer:
        return self.ask(
            "put", self.path(manifest["kind"], namespace, manifest["metadata"]["name"], part), manifest, **query
        )

    def patch(self, kind: str, namespace: str, name: str, body: Any, how: str = "merge", **query: Any) -> Answer:
        """`how` is json, merge, strategic-merge or apply."""
        content_type = "application/apply-patch+yaml" if how == "apply" else f"application/{how}-patch+json"
        return self.ask("patch", self.path(kind, namespace, name), body, content_type, **query)

    def delete(self, kind: str, namespace: str, name: str, body: Any = None, **query: Any) -> Answer:
        return self.ask("delete", self.path(kind, namespace, name), body, **query)

    def list(self, kind: str, namespace: str = "", **query: Any) -> list[Object]:
        return self.ask("get", self.path(kind, namespace), **query).body["items"]

    def names(self, kind: str, namespace: str = "", **query: Any) -> list[str]:
        return [one["metadata"]["name"] for one in self.list(kind, namespace, **query)]
