"""What is served under /api and /apis, in the form that every version of the API has; the aggregated one is refused."""

from __future__ import annotations

from typing import Any

from .errors import ApiError
from .kinds import GROUPS, KINDS, Kind

Object = dict[str, Any]
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_REVIEW = ("authorization.k8s.io", "v1")
_PARTS = {
    "eviction": {"kind": "Eviction", "group": "policy", "version": "v1", "verbs": ["create"]},
    "portforward": {"kind": "PodPortForwardOptions", "verbs": ["create", "get"]},
    "scale": {"kind": "Scale", "group": "autoscaling", "version": "v1", "verbs": ["get", "patch", "update"]},
}


def version(number: str) -> Object:
    major, minor = number.split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"v{number}.0",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "linux/amd64",
    }


def answer(parts: list[str], host: str) -> Object | None:
    """The answer to a path of discovery; None when it is none."""
    if parts == ["api"]:
        address = [{"clientCIDR": "0.0.0.0/0", "serverAddress": host}]
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": address}
    if parts == ["apis"]:
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*one) for one in (*GROUPS, _REVIEW)]}
    if parts[0] == "apis" and len(parts) == 2:
        found = [_group(*one) for one in (*GROUPS, _REVIEW) if one[0] == parts[1]]
        return {"kind": "APIGroup", "apiVersion": "v1", **found[0]} if found else None
    if parts == ["api", "v1"]:
        return _resources("", "v1")
    if parts[0] == "apis" and len(parts) == 3 and (parts[1], parts[2]) in (*GROUPS, _REVIEW):
        return _resources(parts[1], parts[2])
    return None


def refuse_aggregated(accept: str) -> None:
    """406 where a client takes nothing but the aggregated form."""
    kinds = [one.strip() for one in accept.split(",") if one.strip()]
    if kinds and all("as=APIGroupDiscoveryList" in one for one in kinds):
        raise ApiError(406, "NotAcceptable", "only the following media types are accepted: application/json")


def _group(name: str, number: str) -> Object:
    served = {"groupVersion": f"{name}/{number}", "version": number}
    return {"name": name, "versions": [served], "preferredVersion": served}


def _resources(group: str, number: str) -> Object:
    rows = [row for kind in KINDS if (kind.group, kind.version) == (group, number) for row in _rows(kind)]
    if (group, number) == _REVIEW:
        rows = [{"name": "selfsubjectaccessreviews", "singularName": "", "namespaced": False,
                 "kind": "SelfSubjectAccessReview", "verbs": ["create"]}]  # fmt: skip
    title = f"{group}/{number}" if group else number
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": title, "resources": rows}


def _rows(kind: Kind) -> list[Object]:
    row = {"name": kind.plural, "singularName": kind.kind.lower(), "namespaced": kind.namespaced, "kind": kind.kind}
    rows: list[Object] = [{**row, "verbs": _VERBS, **({"shortNames": list(kind.short)} if kind.short else {})}]
    for part in kind.subresources:
        inner = {"name": f"{kind.plural}/{part}", "singularName": "", "namespaced": kind.namespaced}
        rows.append({**inner, **_PARTS.get(part, {"kind": kind.kind, "verbs": ["get", "patch", "update"]})})
    return rows
