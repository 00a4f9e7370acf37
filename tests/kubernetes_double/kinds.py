"""The kinds that the double serves, and by which names they are asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One row of discovery.

    Args:
        package: where the schema of the kind is, such as `core.v1`; without one anything is taken, as of a custom
            resource whose definition keeps what it does not know.
        generation: whether a change of anything but metadata and status is counted.
    """

    group: str
    version: str
    kind: str
    plural: str
    short: tuple[str, ...] = ()
    namespaced: bool = True
    subresources: tuple[str, ...] = ()
    package: str = ""
    generation: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def definition(self) -> str:
        """Name of the schema; empty without one."""
        return f"io.k8s.api.{self.package}.{self.kind}" if self.package else ""

    @property
    def resource(self) -> str:
        """As messages name the resource: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def group_kind(self) -> str:
        """As messages about an invalid object name it: `Deployment.apps`, `Pod`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind


def _core(kind: str, plural: str, *short: str, **more: object) -> Kind:
    return Kind("", "v1", kind, plural, short, package="core.v1", **more)


def _of(group: str, package: str, kind: str, plural: str, *short: str, **more: object) -> Kind:
    return Kind(group, package.split(".")[1], kind, plural, short, package=package, **more)


def _custom(group: str, version: str, kind: str, plural: str, *short: str, **more: object) -> Kind:
    return Kind(group, version, kind, plural, short, generation=True, subresources=("status",), **more)


_STATUS = {"subresources": ("status",)}
_SCALED = {"subresources": ("status", "scale"), "generation": True}
_COUNTED = {"subresources": ("status",), "generation": True}
_RBAC = "rbac.authorization.k8s.io"
_GATEWAY = "gateway.networking.k8s.io"
_OPERATOR = "monitoring.coreos.com"

KINDS = (
    _core("Namespace", "namespaces", "ns", namespaced=False, **_STATUS),
    _core("Node", "nodes", "no", namespaced=False, **_STATUS),
    _core("Pod", "pods", "po", subresources=("status", "eviction", "portforward"), generation=True),
    _core("Service", "services", "svc", **_STATUS),
    _core("Endpoints", "endpoints", "ep"),
    _core("ConfigMap", "configmaps", "cm"),
    _core("Secret", "secrets"),
    _core("ServiceAccount", "serviceaccounts", "sa"),
    _core("ResourceQuota", "resourcequotas", "quota", **_STATUS),
    _core("LimitRange", "limitranges", "limits"),
    _core("Event", "events", "ev"),
    _core("PersistentVolumeClaim", "persistentvolumeclaims", "pvc", **_STATUS),
    _of("apps", "apps.v1", "Deployment", "deployments", "deploy", **_SCALED),
    _of("apps", "apps.v1", "StatefulSet", "statefulsets", "sts", **_SCALED),
    _of("apps", "apps.v1", "ReplicaSet", "replicasets", "rs", **_SCALED),
    _of("apps", "apps.v1", "DaemonSet", "daemonsets", "ds", **_COUNTED),
    _of("batch", "batch.v1", "Job", "jobs", **_COUNTED),
    _of("batch", "batch.v1", "CronJob", "cronjobs", "cj", **_COUNTED),
    _of("networking.k8s.io", "networking.v1", "NetworkPolicy", "networkpolicies", "netpol", generation=True),
    _of("networking.k8s.io", "networking.v1", "Ingress", "ingresses", "ing", **_COUNTED),
    _of("networking.k8s.io", "networking.v1", "IngressClass", "ingressclasses", namespaced=False, generation=True),
    _of("policy", "policy.v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", **_COUNTED),
    _of("autoscaling", "autoscaling.v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", **_STATUS),
    _of(_RBAC, "rbac.v1", "Role", "roles"),
    _of(_RBAC, "rbac.v1", "RoleBinding", "rolebindings"),
    _of(_RBAC, "rbac.v1", "ClusterRole", "clusterroles", namespaced=False),
    _of(_RBAC, "rbac.v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
    _of("scheduling.k8s.io", "scheduling.v1", "PriorityClass", "priorityclasses", "pc", namespaced=False),
    _custom(_GATEWAY, "v1", "GatewayClass", "gatewayclasses", "gc", namespaced=False),
    _custom(_GATEWAY, "v1", "Gateway", "gateways", "gtw"),
    _custom(_GATEWAY, "v1", "HTTPRoute", "httproutes"),
    _custom(_OPERATOR, "v1", "ServiceMonitor", "servicemonitors", "smon"),
    _custom(_OPERATOR, "v1", "PodMonitor", "podmonitors", "pmon"),
    _custom(_OPERATOR, "v1", "PrometheusRule", "prometheusrules", "promrule"),
)

BY_KIND = {kind.kind: kind for kind in KINDS}
BY_PATH = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}
GROUPS = tuple(dict.fromkeys((kind.group, kind.version) for kind in KINDS if kind.group))
