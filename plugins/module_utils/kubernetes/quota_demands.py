# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a manifest would have quotas hold: how many pods at once, each of which size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .budgets.amounts import read_count
from .budgets.metadata import read_metadata
from .budgets.rollouts import read_rollout
from .budgets.workloads import read_workload
from .fields import read_mapping
from .pod_resources import PodResources, read_pod_resources
from .resources import ENDED


@dataclass(frozen=True)
class Demand:
    """What a workload wants: so many pods at once, each like this."""

    name: str
    namespace: str
    count: int
    pod: PodResources


def read_demand(manifest: Any, nodes: int) -> Demand:
    """From a workload or a pod; ManifestError if it is none. See check_quotas."""
    metadata = read_metadata(manifest)
    where, kind = f"{metadata.where}spec", manifest["kind"]
    spec: Mapping[str, Any] = read_mapping(where, manifest.get("spec") or {})
    name = f"{kind} {metadata.namespace}/{metadata.name}"
    count = 1
    if kind == "Pod":
        count = 0 if (manifest.get("status") or {}).get("phase") in ENDED else 1
    else:
        if kind == "CronJob":
            where, spec = f"{where}.jobTemplate.spec", _nested(f"{where}.jobTemplate", spec.get("jobTemplate"), "spec")
        count = _count(where, kind, spec, manifest, nodes)
        where, spec = f"{where}.template.spec", _nested(f"{where}.template", spec.get("template"), "spec")
    return Demand(name, metadata.namespace, count, read_pod_resources(where, spec))


def _count(where: str, kind: str, spec: Mapping[str, Any], manifest: Any, nodes: int) -> int:
    if kind == "DaemonSet":
        return nodes + read_rollout(where, kind, spec, nodes)[1]
    if kind in ("Job", "CronJob"):
        at_once = read_count(f"{where}.parallelism", spec.get("parallelism", 1))
        return min(at_once, read_count(f"{where}.completions", spec.get("completions", at_once)))
    workload = read_workload(manifest)
    return (workload.replicas or 0) + workload.surge


def _nested(where: str, value: Any, name: str) -> Mapping[str, Any]:
    fields = read_mapping(where, {} if value is None else value)
    return read_mapping(f"{where}.{name}", fields.get(name, {}))
