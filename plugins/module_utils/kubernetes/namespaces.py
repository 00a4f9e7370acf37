# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A namespace: its labels, whose it is, and who else is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Dict, List, Optional

from .client import Client
from .errors import ApiRefusal
from .security.entries import MANAGED_BY, MANAGER
from .sending import Object

# Which labels we gave: those that are not wanted any more go, and others stay.
OWN_LABELS = "omnimind.platform/own-labels"
# What is in every namespace, or tells of others.
_USUAL = (
    ("ConfigMap", "kube-root-ca.crt"),
    ("ConfigMap", "openshift-service-ca.crt"),
    ("ServiceAccount", "default"),
)
_TELLING = ("Event", "Endpoints", "EndpointSlice", "PodMetrics")


def is_there(client: Client, name: str) -> bool:
    """Whether there is such a namespace. An account of one alone may do everything in it, and not look at it itself."""
    try:
        return client.get("Namespace", name) is not None
    except ApiRefusal as refusal:
        if refusal.status != 403:
            raise
        return True


def is_ours(live: Mapping[str, Any]) -> bool:
    """Whether we made it."""
    return (live["metadata"].get("labels") or {}).get(MANAGED_BY) == MANAGER


def manifest(name: str, labels: Mapping[str, str]) -> Object:
    """One that we make."""
    metadata = {
        "name": name,
        "labels": {**labels, MANAGED_BY: MANAGER},
        "annotations": {OWN_LABELS: json.dumps(sorted(labels))},
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def changes(live: Mapping[str, Any], labels: Mapping[str, str]) -> Dict[str, Optional[str]]:
    """Labels by what they become; None for those that go."""
    there = live["metadata"].get("labels") or {}
    gone: Dict[str, Optional[str]] = {name: None for name in _given(live) if name not in labels and name in there}
    return {**gone, **{name: value for name, value in labels.items() if there.get(name) != value}}


def noted(live: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether it is known which labels are ours."""
    return _given(live) == sorted(labels)


def patch(changed: Mapping[str, Optional[str]], labels: Mapping[str, str]) -> Object:
    note = json.dumps(sorted(labels)) if labels else None
    return {"metadata": {"labels": dict(changed), "annotations": {OWN_LABELS: note}}}


def _given(live: Mapping[str, Any]) -> List[str]:
    try:
        read = json.loads((live["metadata"].get("annotations") or {}).get(OWN_LABELS, "[]"))
    except ValueError:
        return []
    return [str(name) for name in read] if isinstance(read, list) else []


def inhabitants(client: Client, namespace: str, without: Sequence[str] = ()) -> List[str]:
    """What is in a namespace, of whatever kind the cluster knows, as `ConfigMap settings`.

    Args:
        without: labels, as NAME or NAME=VALUE; what has one of them does not count.
    """
    found = []
    for address in _addresses(client):
        group, plural = address.rsplit("/", 1)
        listed = client.read(f"{group}/namespaces/{namespace}/{plural}", f"{plural} cannot be listed")
        kind = str(listed.get("kind", plural))[: -len("List")]
        for one in listed.get("items") or []:
            metadata = one["metadata"]
            usual = kind in _TELLING or (kind, metadata["name"]) in _USUAL
            # What is on its way out keeps nothing.
            if not usual and not metadata.get("deletionTimestamp") and not _has(metadata, without):
                found.append(f"{kind} {metadata['name']}")
    return sorted(found)


def _has(metadata: Mapping[str, Any], labels: Sequence[str]) -> bool:
    there = metadata.get("labels") or {}
    for label in labels:
        name, equals, value = label.partition("=")
        if name in there and (not equals or there[name] == value):
            return True
    return False


def _addresses(client: Client) -> Iterator[str]:
    """Where everything can be listed that is in namespaces, such as /api/v1/pods."""
    groups = client.read("/apis", "the API's groups cannot be read").get("groups") or []
    for root in ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)]:
        for one in client.read(root, f"what is at {root} cannot be read").get("resources") or []:
            if one.get("namespaced") and "list" in one.get("verbs", ()) and "/" not in one["name"]:
                yield f"{root}/{one['name']}"
