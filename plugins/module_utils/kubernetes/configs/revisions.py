# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Configuration in ConfigMaps that never change: each is named by a hash of what is in it.

So a change of the configuration is a change of the pod template, which rolls out, and can be rolled back; and pods of
two revisions run beside each other, each with its own.
"""
from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import KubernetesFailure
from ..resources import title

Object = Mapping[str, Any]

LABEL = "omnimind.platform/config"
_DIGITS = 10
# As a label's value it has at most 63 characters.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# The name of a file in a ConfigMap.
KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


@dataclass(frozen=True)
class Order:
    """What there shall be.

    Args:
        keep: how many revisions stay at least, the one in force among them.
    """

    namespace: str
    name: str
    data: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    keep: int = 3

    @property
    def selector(self) -> str:
        return f"{LABEL}={self.name}"

    @property
    def config_map(self) -> str:
        """The name of the revision."""
        told = json.dumps(dict(self.data), sort_keys=True, ensure_ascii=True)
        return f"{self.name}-{hashlib.sha256(told.encode()).hexdigest()[:_DIGITS]}"

    @property
    def manifest(self) -> dict[str, Any]:
        metadata = {
            "name": self.config_map,
            "namespace": self.namespace,
            "labels": {**self.labels, LABEL: self.name},
        }
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata,
            "immutable": True,
            "data": dict(self.data),
        }


def read_order(params: Mapping[str, Any]) -> Order:
    """The order that a module's options are; KubernetesFailure says which of them is wrong."""
    name, data, labels = params["name"], params["data"] or {}, params["labels"]
    if not _NAME.fullmatch(name):
        raise KubernetesFailure(f"name: {name!r} is not of small letters, digits and '-', 63 at most")
    for key, text in data.items():
        if not KEY.fullmatch(key):
            raise KubernetesFailure(f"data: {key!r} is no name of a file: letters, digits, '-', '_' and '.' make one")
        if not isinstance(text, str):
            raise KubernetesFailure(f"data: {key} is a text, not {text!r}")
    if params["keep"] < 1:
        raise KubernetesFailure(f"keep: the revision in force is one, so it is 1 or more, not {params['keep']}")
    if LABEL in labels:
        raise KubernetesFailure(f"labels: {LABEL} is set from the name, leave it out")
    return Order(params["namespace"], name, data, {key: str(value) for key, value in labels.items()}, params["keep"])


def changes_of(order: Order, found: Object) -> dict[str, Any]:
    """What is laid over a ConfigMap that has the revision's name; KubernetesFailure when it is another's."""
    if (found.get("data") or {}) != order.data or found.get("binaryData"):
        shown = title("ConfigMap", order.config_map, order.namespace)
        raise KubernetesFailure(f"{shown} holds something else than its name says. Remove it, and run this again")
    labels = found["metadata"].get("labels") or {}
    changes: dict[str, Any] = {}
    if any(labels.get(key) != value for key, value in order.manifest["metadata"]["labels"].items()):
        changes["metadata"] = {"labels": order.manifest["metadata"]["labels"]}
    if not found.get("immutable"):
        changes["immutable"] = True
    return changes


def newest_first(revisions: Iterable[Object]) -> list[Object]:
    """By the time at which they were made; those of one second by their names, so that it is always the same."""
    return sorted(revisions, key=lambda one: (one["metadata"].get("creationTimestamp") or "", _name(one)), reverse=True)


def surplus(order: Order, revisions: Iterable[Object], needed: Collection[str]) -> list[Object]:
    """Revisions that nothing needs any more, beyond those that are kept. The one in force is always kept."""
    others = [one for one in newest_first(revisions) if _name(one) != order.config_map]
    return [one for one in others[order.keep - 1 :] if _name(one) not in needed]


def differences(order: Order, revisions: Sequence[Object]) -> list[dict[str, str]]:
    """What is another in the revision than in the newest of those that there are, a file each."""
    former = next(iter(newest_first(revisions)), None)
    before = (former or {}).get("data") or {}
    return [
        {
            "before_header": f"{_name(former) if former else order.name}/{key}",
            "after_header": f"{order.config_map}/{key}",
            "before": before.get(key, ""),
            "after": order.data.get(key, ""),
        }
        for key in sorted({*before, *order.data})
        if before.get(key) != order.data.get(key)
    ]


def _name(found: Object) -> str:
    return found["metadata"]["name"]
