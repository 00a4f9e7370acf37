"""What an update may not change."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from .errors import Complaint, forbidden_field, invalid_value

Object = dict[str, Any]
_STATEFUL = ("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
             "persistentVolumeClaimRetentionPolicy", "minReadySeconds")  # fmt: skip
_POD_FIELDS = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
    "previously negative)"
)
_SEALED = "field is immutable when `immutable` is set"


def complaints(kind: str, former: Object, found: Object) -> list[Complaint]:
    """Everything that was changed and may not be."""
    return list(_RULES[kind](former, found)) if kind in _RULES else []


def _fixed(*paths: str) -> Any:
    def rule(former: Object, found: Object) -> Iterator[Complaint]:
        for path in paths:
            before, after = _at(former, path), _at(found, path)
            if before != after:
                yield invalid_value(path, after, "field is immutable")

    return rule


def _at(found: Any, path: str) -> Any:
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _sealed(former: Object, found: Object) -> Iterator[Complaint]:
    if former.get("immutable"):
        for name in ("immutable", "data", "binaryData"):
            if former.get(name) != found.get(name):
                yield forbidden_field(name, _SEALED)


def _secret(former: Object, found: Object) -> Iterator[Complaint]:
    yield from _sealed(former, found)
    yield from _fixed("type")(former, found)


def _stateful_set(former: Object, found: Object) -> Iterator[Complaint]:
    before, after = (
        {name: value for name, value in one["spec"].items() if name not in _STATEFUL} for one in (former, found)
    )
    if before != after:
        changeable = ", ".join(f"'{name}'" for name in _STATEFUL[:-1]) + f" and '{_STATEFUL[-1]}'"
        yield forbidden_field("spec", f"updates to statefulset spec for fields other than {changeable} are forbidden")


def _pod(former: Object, found: Object) -> Iterator[Complaint]:
    if _what_is_fixed(former) != _what_is_fixed(found):
        yield forbidden_field("spec", f"pod updates may not change fields other than {_POD_FIELDS}")


def _what_is_fixed(pod: Object) -> Object:
    spec = copy.deepcopy(pod["spec"])
    for name in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"):
        spec.pop(name, None)
    for container in spec.get("containers", []) + spec.get("initContainers", []):
        container.pop("image", None)
    return spec


def _service(former: Object, found: Object) -> Iterator[Complaint]:
    if former["spec"].get("clusterIP") and former["spec"]["type"] == found["spec"]["type"] == "ClusterIP":
        before, after = former["spec"]["clusterIP"], found["spec"].get("clusterIP", "")
        if before != after:
            yield invalid_value("spec.clusterIPs[0]", [after], "may not change once set")


def _role_ref(former: Object, found: Object) -> Iterator[Complaint]:
    if former["roleRef"] != found["roleRef"]:
        yield invalid_value("roleRef", found["roleRef"], "cannot change roleRef")


_RULES = {
    "ConfigMap": _sealed,
    "Secret": _secret,
    "StatefulSet": _stateful_set,
    "Deployment": _fixed("spec.selector"),
    "ReplicaSet": _fixed("spec.selector"),
    "DaemonSet": _fixed("spec.selector"),
    "Job": _fixed("spec.selector", "spec.template", "spec.completions"),
    "Pod": _pod,
    "Service": _service,
    "RoleBinding": _role_ref,
    "ClusterRoleBinding": _role_ref,
}
