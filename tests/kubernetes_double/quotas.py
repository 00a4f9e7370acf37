"""The admission of ResourceQuota: what a namespace uses, and what no longer fits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from .errors import forbidden
from .kinds import BY_KIND, Kind
from .quantities import amount, written
from .store import Store

Object = dict[str, Any]
_COUNTED = ("pods", "services", "configmaps", "secrets", "persistentvolumeclaims", "resourcequotas")
_BYTES = ("memory", "storage")


def usage(kind: Kind, found: Object) -> dict[str, Fraction]:
    """What one object counts for."""
    used: dict[str, Fraction] = defaultdict(Fraction)
    used[f"count/{kind.resource}"] = Fraction(1)
    if kind.kind != "Pod":
        if kind.plural in _COUNTED:
            used[kind.plural] = Fraction(1)
        return used
    if found.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return used
    used["pods"] = Fraction(1)
    for container in found["spec"]["containers"]:
        for field, values in container.get("resources", {}).items():
            if field in ("requests", "limits"):
                for name, value in values.items():
                    used[f"{field}.{name}"] += amount(value)
                    if field == "requests":
                        used[name] += amount(value)
    return used


def admit(store: Store, kind: Kind, found: Object) -> None:
    """403 when an object does not fit in a quota of its namespace."""
    name, namespace = found["metadata"]["name"], found["metadata"]["namespace"]
    asked = usage(kind, found)
    for quota in store.view(BY_KIND["ResourceQuota"], namespace):
        hard = {key: amount(value) for key, value in quota["spec"].get("hard", {}).items()}
        title = quota["metadata"]["name"]
        if kind.kind == "Pod":
            _check_that_it_says(found, name, title, hard)
        used = used_in(store, namespace, hard)
        over = [key for key in hard if asked.get(key) and used[key] + asked[key] > hard[key]]
        if over:
            told = {"requested": asked, "used": used, "limited": hard}
            words = ", ".join(
                f"{word}: " + ",".join(f"{key}={_text(key, values[key])}" for key in sorted(over))
                for word, values in told.items()
            )
            raise forbidden(kind, name, f"exceeded quota: {title}, {words}")


def _check_that_it_says(pod: Object, name: str, title: str, hard: dict[str, Fraction]) -> None:
    silent = []
    for key in sorted(hard):
        field, _dot, resource = key.rpartition(".")
        if resource not in ("cpu", "memory") or field not in ("", "requests", "limits"):
            continue
        who = [
            container["name"]
            for container in pod["spec"]["containers"]
            if resource not in container.get("resources", {}).get(field or "requests", {})
        ]
        if who:
            silent.append(f"{key} for: {','.join(who)}")
    if silent:
        raise forbidden(BY_KIND["Pod"], name, f"failed quota: {title}: must specify {'; '.join(silent)}")


def used_in(store: Store, namespace: str, keys: Sequence[str] | dict[str, Fraction]) -> dict[str, Fraction]:
    """What a namespace uses of these."""
    used = dict.fromkeys(keys, Fraction(0))
    for kind in BY_KIND.values():
        if kind.namespaced:
            for found in store.view(kind, namespace):
                for key, value in usage(kind, found).items():
                    if key in used:
                        used[key] += value
    return used


def status(store: Store, quota: Object) -> Object:
    """What the quota controller writes."""
    hard = quota["spec"].get("hard", {})
    used = used_in(store, quota["metadata"]["namespace"], list(hard))
    return {"hard": hard, "used": {key: _text(key, value) for key, value in used.items()}}


def _text(key: str, value: Fraction) -> str:
    return written(value, binary=key.rpartition(".")[2] in _BYTES)
