"""The subresource scale: an object's replicas, in a shape that all kinds share."""

from __future__ import annotations

import copy
from typing import Any

from .errors import bad_request

Object = dict[str, Any]


def scale_of(found: Object) -> Object:
    metadata = {
        name: found["metadata"][name] for name in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    }
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": found["spec"]["replicas"]},
        "status": {"replicas": found.get("status", {}).get("replicas", 0)},
    }


def scaled(found: Object, scale: Any) -> Object:
    """An object with the replicas of a Scale; 400."""
    replicas = scale.get("spec", {}).get("replicas", 0) if isinstance(scale, dict) else None
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request("Scale: spec.replicas is no number")
    new = copy.deepcopy(found)
    new["spec"]["replicas"] = replicas
    if scale.get("metadata", {}).get("resourceVersion"):
        new["metadata"]["resourceVersion"] = scale["metadata"]["resourceVersion"]
    return new
