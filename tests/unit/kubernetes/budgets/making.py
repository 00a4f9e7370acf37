"""Manifests and objects that tests of budgets are about."""

from __future__ import annotations

from typing import Any

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.amounts import Amount
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.budgets import Budget
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.metadata import Owner
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.pods import Pod
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.workloads import (
    Controllers,
    Workload,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.selectors import Requirement, Selector

NAMESPACE = "shop"


def amount(text: str) -> Amount:
    """From "2" or "50%"."""
    return Amount(int(text.rstrip("%")), text.endswith("%"))


def selecting(**labels: str) -> Selector:
    return Selector(tuple(Requirement(key, "In", (value,)) for key, value in labels.items()))


def budget(name: str = "web", least: str = "", most: str = "", **more: Any) -> Budget:
    """For pods with app=NAME, with `least` for minAvailable and `most` for maxUnavailable."""
    return Budget(
        NAMESPACE,
        name,
        more.pop("selector", selecting(app=name)),
        amount(least) if least else None,
        amount(most) if most else None,
        **more,
    )


def workload(name: str = "web", replicas: int | None = 3, kind: str = "StatefulSet", **more: Any) -> Workload:
    return Workload(kind, NAMESPACE, name, replicas, more.pop("labels", {"app": name}), **more)


def pod(name: str, **more: Any) -> Pod:
    """Its app, and the StatefulSet that made it, have its name up to the last dash."""
    app = name.rpartition("-")[0]
    more = {"labels": {"app": app}, "owner": Owner("StatefulSet", app), **more}
    return Pod(NAMESPACE, name, **more)


def pods(name: str, count: int, unready: int = 0) -> list[Pod]:
    """The first ones are Ready, the last `unready` are not."""
    return [pod(f"{name}-{number}", ready=number < count - unready) for number in range(count)]


def controllers(*workloads: Workload) -> Controllers:
    return Controllers(workloads)


def manifest(kind: str, name: str, version: str = "v1", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, **fields.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def budget_manifest(**spec: Any) -> dict[str, Any]:
    return manifest("PodDisruptionBudget", "web", "policy/v1", spec=spec)
