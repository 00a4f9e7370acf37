"""What the API server fills in where a manifest is silent. Each function changes the object that it is given."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

Object = dict[str, Any]


def set_defaults(kind: str, found: Object) -> None:
    """Those of an object of this kind."""
    if kind in _DEFAULTS:
        _DEFAULTS[kind](found)


def _fill(target: Object, **values: Any) -> None:
    for name, value in values.items():
        target.setdefault(name, value)


def pod(found: Object) -> None:
    spec = found.setdefault("spec", {})
    _pod_spec(spec)
    _fill(spec, enableServiceLinks=True, preemptionPolicy="PreemptLowerPriority", priority=0)
    _fill(spec, serviceAccountName="default", serviceAccount=spec.get("serviceAccountName", "default"))
    spec["tolerations"] = spec.get("tolerations", []) + [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
        for key in ("not-ready", "unreachable")
        if not any(one.get("key") in (f"node.kubernetes.io/{key}", None) for one in spec.get("tolerations", []))
    ]
    # What a container may use at most is asked for when nothing else is said.
    for container in spec.get("containers", []) + spec.get("initContainers", []):
        resources = container.setdefault("resources", {})
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **resources.get("requests", {})}


def _pod_spec(spec: Object) -> None:
    _fill(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        schedulerName="default-scheduler",
        securityContext={},
    )
    if "serviceAccountName" in spec:
        spec["serviceAccount"] = spec["serviceAccountName"]
    for container in spec.get("containers", []) + spec.get("initContainers", []):
        _container(container)
    for volume in spec.get("volumes", []):
        for source in ("configMap", "secret", "projected", "downwardAPI"):
            if source in volume:
                _fill(volume[source], defaultMode=420)


def _container(container: Object) -> None:
    image = container.get("image", "")
    latest = "@" not in image and image.rsplit("/", 1)[-1].partition(":")[2] in ("", "latest")
    _fill(
        container,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="Always" if latest else "IfNotPresent",
    )
    for port in container.get("ports", []):
        _fill(port, protocol="TCP")
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in container:
            _fill(container[probe], timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
            if "httpGet" in container[probe]:
                _fill(container[probe]["httpGet"], path="/", scheme="HTTP")
    for variable in container.get("env", []):
        if "fieldRef" in variable.get("valueFrom", {}):
            _fill(variable["valueFrom"]["fieldRef"], apiVersion="v1")


def _template(spec: Object) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    _pod_spec(template.setdefault("spec", {}))


def _deployment(found: Object) -> None:
    spec = found.setdefault("spec", {})
    _fill(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = spec.setdefault("strategy", {})
    _fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), maxUnavailable="25%", maxSurge="25%")
    _template(spec)


def _stateful_set(found: Object) -> None:
    spec = found.setdefault("spec", {})
    _fill(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    _fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), partition=0)
    _fill(spec.setdefault("persistentVolumeClaimRetentionPolicy", {}), whenDeleted="Retain", whenScaled="Retain")
    for claim in spec.get("volumeClaimTemplates", []):
        _fill(claim, apiVersion="v1", kind="PersistentVolumeClaim", status={"phase": "Pending"})
        _fill(claim.setdefault("spec", {}), volumeMode="Filesystem")
    _template(spec)


def _daemon_set(found: Object) -> None:
    spec = found.setdefault("spec", {})
    _fill(spec, revisionHistoryLimit=10)
    strategy = spec.setdefault("updateStrategy", {})
    _fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), maxUnavailable=1, maxSurge=0)
    _template(spec)


def _replica_set(found: Object) -> None:
    _fill(found.setdefault("spec", {}), replicas=1)
    _template(found["spec"])


def _job_spec(spec: Object) -> None:
    _fill(spec, backoffLimit=6, completionMode="NonIndexed", suspend=False, podReplacementPolicy="TerminatingOrFailed")
    if not {"completions", "parallelism"} & set(spec):
        _fill(spec, completions=1, parallelism=1)
    _fill(spec, parallelism=1)
    _template(spec)


def _cron_job(found: Object) -> None:
    spec = found.setdefault("spec", {})
    _fill(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    job = spec.setdefault("jobTemplate", {})
    job.setdefault("metadata", {})
    _template(job.setdefault("spec", {}))


def _service(found: Object) -> None:
    spec = found.setdefault("spec", {})
    _fill(spec, type="ClusterIP", sessionAffinity="None")
    for port in spec.get("ports", []):
        _fill(port, protocol="TCP")
        _fill(port, targetPort=port.get("port"))
    if spec["type"] != "ExternalName":
        _fill(spec, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack", internalTrafficPolicy="Cluster")


def _network_policy(found: Object) -> None:
    spec = found.setdefault("spec", {})
    _fill(spec, podSelector={})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    for rule in spec.get("ingress", []) + spec.get("egress", []):
        for port in rule.get("ports", []):
            _fill(port, protocol="TCP")


def _secret(found: Object) -> None:
    _fill(found, type="Opaque")
    plain = found.pop("stringData", {})
    if plain:
        coded = {name: base64.b64encode(value.encode()).decode() for name, value in plain.items()}
        found["data"] = {**found.get("data", {}), **coded}


def _scaler(found: Object) -> None:
    _fill(found.setdefault("spec", {}), minReplicas=1)


def _binding(found: Object) -> None:
    _fill(found.setdefault("roleRef", {}), apiGroup="rbac.authorization.k8s.io")
    for subject in found.get("subjects", []):
        if subject.get("kind") in ("User", "Group"):
            _fill(subject, apiGroup="rbac.authorization.k8s.io")


def _limit_range(found: Object) -> None:
    for limit in found.get("spec", {}).get("limits", []):
        if limit.get("type") == "Container":
            default = {**limit.get("max", {}), **limit.get("default", {})}
            asked = {**limit.get("min", {}), **default, **limit.get("defaultRequest", {})}
            limit.update({name: values for name, values in (("default", default), ("defaultRequest", asked)) if values})


def _namespace(found: Object) -> None:
    _fill(found.setdefault("spec", {}), finalizers=["kubernetes"])
    found["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = found["metadata"]["name"]


_DEFAULTS: dict[str, Callable[[Object], None]] = {
    "Namespace": _namespace,
    "Pod": pod,
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "ReplicaSet": _replica_set,
    "Job": lambda found: _job_spec(found.setdefault("spec", {})),
    "CronJob": _cron_job,
    "Service": _service,
    "NetworkPolicy": _network_policy,
    "Secret": _secret,
    "HorizontalPodAutoscaler": _scaler,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "LimitRange": _limit_range,
}
