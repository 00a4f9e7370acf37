"""What the controllers ask of a pod."""

from __future__ import annotations

from typing import Any

from .kinds import BY_KIND
from .store import Store

Object = dict[str, Any]


def is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def is_going(found: Object) -> bool:
    return bool(found["metadata"].get("deletionTimestamp"))


def is_finished(pod: Object) -> bool:
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def controller_reference(found: Object) -> Object | None:
    return next((one for one in found["metadata"].get("ownerReferences", []) if one.get("controller")), None)


def owner_of(store: Store, found: Object) -> Object | None:
    """The object that controls this one."""
    reference = controller_reference(found)
    kind = BY_KIND.get(reference["kind"]) if reference else None
    if reference is None or kind is None:
        return None
    owner = store.get(kind, found["metadata"].get("namespace", ""), reference["name"])
    return owner if owner and owner["metadata"]["uid"] == reference["uid"] else None
