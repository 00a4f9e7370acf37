"""The admission of Pod Security: the levels baseline and restricted, as far as pods of this project touch them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]
_HOST = ("hostNetwork", "hostPID", "hostIPC")
_VOLUMES = ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret")


def violations(spec: Object, level: str) -> list[str]:
    """Why a pod is not of a level, in the API's words; none when it is."""
    found: list[str] = []
    if level in ("baseline", "restricted"):
        found += _baseline(spec)
    if level == "restricted":
        found += _restricted(spec)
    return found


def _baseline(spec: Object) -> Iterator[str]:
    shared = [f"{name}=true" for name in _HOST if spec.get(name)]
    if shared:
        yield f"host namespaces ({', '.join(shared)})"
    paths = [f'"{one["name"]}"' for one in spec.get("volumes", []) if "hostPath" in one]
    if paths:
        yield f"hostPath volumes (volume{_s(paths)} {', '.join(paths)})"
    privileged = _names(spec, lambda one: one.get("privileged"))
    if privileged:
        yield f"privileged ({privileged} must not set securityContext.privileged=true)"


def _restricted(spec: Object) -> Iterator[str]:
    of_pod = spec.get("securityContext", {})
    escalating = _names(spec, lambda one: one.get("allowPrivilegeEscalation") is not False)
    if escalating:
        words = f"{escalating} must set securityContext.allowPrivilegeEscalation=false"
        yield f"allowPrivilegeEscalation != false ({words})"
    capable = _names(spec, lambda one: "ALL" not in one.get("capabilities", {}).get("drop", []))
    if capable:
        yield f'unrestricted capabilities ({capable} must set securityContext.capabilities.drop=["ALL"])'
    strange = [f'"{one["name"]}"' for one in spec.get("volumes", []) if not set(one) & set(_VOLUMES)]
    if strange:
        yield f"restricted volume types (volume{_s(strange)} {', '.join(strange)} uses restricted volume type)"
    root = _names(spec, lambda one: not one.get("runAsNonRoot", of_pod.get("runAsNonRoot")))
    if root:
        yield f"runAsNonRoot != true (pod or {root} must set securityContext.runAsNonRoot=true)"
    if of_pod.get("runAsUser") == 0:
        yield "runAsUser=0 (pod must not set runAsUser=0)"
    kinds = ("RuntimeDefault", "Localhost")
    open_ones = _names(
        spec, lambda one: one.get("seccompProfile", of_pod.get("seccompProfile", {})).get("type") not in kinds
    )
    if open_ones:
        yield (
            f'seccompProfile (pod or {open_ones} must set securityContext.seccompProfile.type to "RuntimeDefault" or '
            '"Localhost")'
        )


def _names(spec: Object, broken: Any) -> str:
    containers = spec.get("initContainers", []) + spec["containers"]
    names = [f'"{one["name"]}"' for one in containers if broken(one.get("securityContext", {}))]
    return f"container{_s(names)} {', '.join(names)}" if names else ""


def _s(names: list[str]) -> str:
    return "s" if len(names) > 1 else ""
