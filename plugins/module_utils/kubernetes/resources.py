# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds that our modules ask for, and where they are. All have been where they are since Kubernetes 1.21."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Resource:
    """A kind, by its place in the API."""

    kind: str
    api_version: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The group of its API; empty for the one that began it all."""
        return self.api_version.partition("/")[0] if "/" in self.api_version else ""

    def path(self, namespace: Optional[str] = None, name: Optional[str] = None, part: Optional[str] = None) -> str:
        """The path of all of them, or of those in a namespace, or of one, or of a subresource of one."""
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        inside = ["namespaces", namespace] if namespace and self.namespaced else []
        return "/".join(step for step in [root, *inside, self.plural, name, part] if step)


# Phases of a pod whose containers have ended, and do not start again.
ENDED = ("Succeeded", "Failed")

_ALL = (
    Resource("Namespace", "v1", "namespaces", namespaced=False),
    Resource("Node", "v1", "nodes", namespaced=False),
    Resource("Pod", "v1", "pods"),
    Resource("Service", "v1", "services"),
    Resource("ConfigMap", "v1", "configmaps"),
    Resource("Secret", "v1", "secrets"),
    Resource("ResourceQuota", "v1", "resourcequotas"),
    Resource("LimitRange", "v1", "limitranges"),
    Resource("Deployment", "apps/v1", "deployments"),
    Resource("ReplicaSet", "apps/v1", "replicasets"),
    Resource("StatefulSet", "apps/v1", "statefulsets"),
    Resource("DaemonSet", "apps/v1", "daemonsets"),
    Resource("Job", "batch/v1", "jobs"),
    Resource("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies"),
    Resource("PodDisruptionBudget", "policy/v1", "poddisruptionbudgets"),
    Resource("HorizontalPodAutoscaler", "autoscaling/v2", "horizontalpodautoscalers"),
    Resource("SelfSubjectAccessReview", "authorization.k8s.io/v1", "selfsubjectaccessreviews", namespaced=False),
)
RESOURCES = {resource.kind: resource for resource in _ALL}


def title(kind: str, name: str, namespace: Optional[str] = None) -> str:
    """As messages name an object: `NetworkPolicy shop/web`."""
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
