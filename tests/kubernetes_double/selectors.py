"""Label and field selectors, as texts in a query and as mappings in an object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .errors import bad_request
from .kinds import Kind

Object = dict[str, Any]
Matcher = Callable[[Object], bool]

_KEY = r"[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?"
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)")
_EQUAL = re.compile(rf"({_KEY})\s*(==|=|!=)\s*([-A-Za-z0-9_.]*)")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})")
# Beside metadata.name and metadata.namespace, which every kind has.
_FIELDS = {
    "Pod": ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase",
            "status.podIP", "status.nominatedNodeName", "spec.hostNetwork"),
    "Event": ("involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "involvedObject.uid",
              "reason", "type", "source"),
    "Node": ("spec.unschedulable",),
    "Namespace": ("status.phase",),
    "Secret": ("type",),
    "ReplicaSet": ("status.replicas",),
    "Job": ("status.successful",),
    "Service": ("spec.clusterIP", "spec.type"),
}  # fmt: skip


def label_matcher(text: str) -> Matcher:
    """Objects that a text such as `app=web,tier in (a, b),!old` selects; 400."""
    tests = [_label_test(part.strip()) for part in re.split(r",(?![^()]*\))", text)] if text.strip() else []
    return lambda found: all(test(found["metadata"].get("labels") or {}) for test in tests)


def _label_test(part: str) -> Callable[[Mapping[str, str]], bool]:
    if match := _SET.fullmatch(part):
        key, wanted = match[1], [value.strip() for value in match[4].split(",")]
        return lambda labels: (labels.get(key) in wanted) == (match[3] == "in")
    if match := _EQUAL.fullmatch(part):
        key = match[1]
        return lambda labels: (labels.get(key) == match[4]) == (match[3] != "!=")
    if match := _EXISTS.fullmatch(part):
        return lambda labels: (match[2] in labels) != bool(match[1])
    raise bad_request(f'unable to parse requirement: found "{part}", expected: identifier, or operator')


def field_matcher(kind: Kind, text: str) -> Matcher:
    """Objects that a text such as `spec.nodeName=a,type!=Warning` selects; 400 for a field that is not offered."""
    tests = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
        if not match:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        if match[1] not in ("metadata.name", "metadata.namespace", *_FIELDS.get(kind.kind, ())):
            raise bad_request(f"field label not supported: {match[1]}")
        tests.append((match[1].split("."), match[3], match[2] != "!="))
    return lambda found: all((_field(found, path) == wanted) == equal for path, wanted, equal in tests)


def _field(value: Any, path: list[str]) -> str:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector selects; an absent one selects nothing, an empty one everything."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression(one, labels) for one in selector.get("matchExpressions") or ())


def _expression(one: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator = one["key"], one["operator"]
    if operator in ("Exists", "DoesNotExist"):
        return (key in labels) == (operator == "Exists")
    return (labels.get(key) in one.get("values", ())) == (operator == "In")
