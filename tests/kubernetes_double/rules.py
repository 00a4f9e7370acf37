"""What the API refuses in an object whose fields are all known: names, labels, pods and workloads."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any

from . import rules_of_policies
from .errors import Complaint, forbidden_field, invalid_value, required, unsupported
from .kinds import Kind
from .quantities import amount
from .rules_of_policies import label_selector
from .selectors import selects

Object = dict[str, Any]
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_DNS_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_WORDS = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_NAME_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LONGEST_NAME = {"Namespace": 63, "Service": 63}


def complaints(kind: Kind, found: Object) -> list[Complaint]:
    """Everything that is wrong with an object that has its defaults."""
    said = list(_metadata(kind, found["metadata"]))
    if kind.kind in _RULES:
        said += _RULES[kind.kind](found)
    return said


def _metadata(kind: Kind, metadata: Object) -> Iterator[Complaint]:
    name, longest = metadata.get("name", ""), _LONGEST_NAME.get(kind.kind, 253)
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif len(name) > longest:
        yield invalid_value("metadata.name", name, f"must be no more than {longest} bytes")
    elif kind.group != "rbac.authorization.k8s.io" and not (_DNS_LABEL if longest == 63 else _DNS_NAME).fullmatch(name):
        yield invalid_value("metadata.name", name, _NAME_WORDS)
    yield from _labels("metadata.labels", metadata.get("labels", {}))


def _labels(where: str, labels: dict[str, str]) -> Iterator[Complaint]:
    for value in labels.values():
        if not _LABEL_VALUE.fullmatch(value):
            yield invalid_value(where, value, _LABEL_WORDS)
        elif len(value) > 63:
            yield invalid_value(where, value, "must be no more than 63 bytes")


def _pod(found: Object) -> Iterator[Complaint]:
    yield from _pod_spec("spec", found["spec"])


def _pod_spec(where: str, spec: Object, claims: Iterable[Object] = ()) -> Iterator[Complaint]:
    """`claims` are templates of volumes that pods of a StatefulSet get besides their own."""
    if not spec.get("containers"):
        yield required(f"{where}.containers")
    yield from _labels(f"{where}.nodeSelector", spec.get("nodeSelector", {}))
    volumes = {volume["name"] for volume in spec.get("volumes", [])} | {one["metadata"]["name"] for one in claims}
    seen = set()
    for index, container in enumerate(spec.get("containers", [])):
        path = f"{where}.containers[{index}]"
        if container["name"] in seen:
            yield Complaint(f"{path}.name", "FieldValueDuplicate", f'Duplicate value: "{container["name"]}"')
        seen.add(container["name"])
        if not _DNS_LABEL.fullmatch(container["name"]):
            yield invalid_value(f"{path}.name", container["name"], _NAME_WORDS.replace("subdomain", "label"))
        if not container.get("image"):
            yield required(f"{path}.image")
        for at, port in enumerate(container.get("ports", [])):
            yield from rules_of_policies.port_number(f"{path}.ports[{at}].containerPort", port.get("containerPort", 0))
        for at, mount in enumerate(container.get("volumeMounts", [])):
            if mount["name"] not in volumes and not mount["name"].startswith("kube-api-access"):
                yield Complaint(
                    f"{path}.volumeMounts[{at}].name", "FieldValueNotFound", f'Not found: "{mount["name"]}"'
                )
        yield from _resources(f"{path}.resources", container.get("resources", {}))


def _resources(where: str, resources: Object) -> Iterator[Complaint]:
    for name, asked in resources.get("requests", {}).items():
        limit = resources.get("limits", {}).get(name)
        if limit is not None and amount(asked) > amount(limit):
            yield invalid_value(f"{where}.requests", asked, f"must be less than or equal to {name} limit of {limit}")


def _workload(found: Object) -> Iterator[Complaint]:
    spec = found["spec"]
    selector, labels = spec.get("selector"), spec["template"]["metadata"].get("labels", {})
    if selector is None:
        yield required("spec.selector")
    elif not selector:
        yield invalid_value("spec.selector", selector, "empty selector is invalid for deployment")
    else:
        yield from label_selector("spec.selector", selector)
        if not selects(selector, labels):
            yield invalid_value("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    if spec.get("replicas", 0) < 0:
        yield invalid_value("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    yield from _labels("spec.template.labels", labels)
    yield from _pod_spec("spec.template.spec", spec["template"]["spec"], spec.get("volumeClaimTemplates", []))
    if spec["template"]["spec"]["restartPolicy"] != "Always":
        yield unsupported("spec.template.spec.restartPolicy", spec["template"]["spec"]["restartPolicy"], ["Always"])


def _job(found: Object) -> Iterator[Complaint]:
    template = found["spec"]["template"]["spec"]
    if template["restartPolicy"] not in ("Never", "OnFailure"):
        yield Complaint(
            "spec.template.spec.restartPolicy",
            "FieldValueInvalid",
            'Required value: valid values: "OnFailure", "Never"',
        )
    yield from _pod_spec("spec.template.spec", template)


def _service(found: Object) -> Iterator[Complaint]:
    spec = found["spec"]
    if not spec.get("ports") and spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    for index, port in enumerate(spec.get("ports", [])):
        yield from rules_of_policies.port_number(f"spec.ports[{index}].port", port.get("port", 0))
        if len(spec["ports"]) > 1 and not port.get("name"):
            yield required(f"spec.ports[{index}].name")
    address = spec.get("clusterIP") or "None"
    if address != "None":
        try:
            ipaddress.ip_address(address)
        except ValueError:
            yield invalid_value(
                "spec.clusterIPs[0]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            )


def _scaler(found: Object) -> Iterator[Complaint]:
    spec = found["spec"]
    if spec.get("maxReplicas", 0) < 1:
        yield invalid_value("spec.maxReplicas", spec.get("maxReplicas", 0), "must be greater than 0")
    elif spec["maxReplicas"] < spec["minReplicas"]:
        yield invalid_value("spec.maxReplicas", spec["maxReplicas"], "must be greater than or equal to `minReplicas`")


def _config_map(found: Object) -> Iterator[Complaint]:
    for field in ("data", "binaryData"):
        for key in found.get(field, {}):
            if not re.fullmatch(r"[-._a-zA-Z0-9]+", key):
                words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
                yield invalid_value(f"{field}[{key}]", key, words)
    size = sum(len(key) + len(value) for key, value in found.get("data", {}).items())
    if size > 1024 * 1024:
        yield Complaint("", "FieldValueTooLong", "Too long: may not be more than 1048576 bytes")


def _stateful_set(found: Object) -> Iterator[Complaint]:
    yield from _workload(found)
    if found["spec"]["podManagementPolicy"] not in ("OrderedReady", "Parallel"):
        yield invalid_value(
            "spec.podManagementPolicy", found["spec"]["podManagementPolicy"], "must be 'OrderedReady' or 'Parallel'"
        )


def _deployment(found: Object) -> Iterator[Complaint]:
    yield from _workload(found)
    strategy = found["spec"]["strategy"]
    if strategy["type"] not in ("Recreate", "RollingUpdate"):
        yield unsupported("spec.strategy.type", strategy["type"], ["Recreate", "RollingUpdate"])
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == "Recreate" and rolling:
        yield forbidden_field("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    elif rolling and all(str(rolling[name]).rstrip("%") == "0" for name in ("maxUnavailable", "maxSurge")):
        yield invalid_value("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"],
                            "may not be 0 when `maxSurge` is 0")  # fmt: skip


_RULES = {
    "Pod": _pod,
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "ReplicaSet": _workload,
    "DaemonSet": _workload,
    "Job": _job,
    "Service": _service,
    "ConfigMap": _config_map,
    "HorizontalPodAutoscaler": _scaler,
    "NetworkPolicy": rules_of_policies.network_policy,
    "PodDisruptionBudget": rules_of_policies.disruption_budget,
}
