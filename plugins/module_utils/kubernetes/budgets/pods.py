# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pods: what budgets count of them, and what a drain must know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..fields import read_list, read_mapping
from ..pod_resources import REQUESTS, Amounts, read_pod_resources
from ..resources import ENDED
from .metadata import Owner, read_metadata
from .placement import Placement, read_placement

_MIRROR = "kubernetes.io/config.mirror"
# Names of volumes, with commas between: whoever made the pod says that what they hold may go.
_EXPENDABLE = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
PENDING, RUNNING = "Pending", "Running"


@dataclass(frozen=True)
class Pod:
    """A pod.

    Args:
        node: where it runs; empty while it has no node.
        ready: whether its condition Ready is true.
        terminating: whether it has been told to go.
        mirror: whether it only shows a static pod, which nobody can evict.
        local_storage: whether it has an emptyDir whose content goes with it, and nobody said that it may.
        requests: what it takes of a node.
    """

    namespace: str
    name: str
    node: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    phase: str = RUNNING
    ready: bool = True
    terminating: bool = False
    owner: Optional[Owner] = None
    mirror: bool = False
    local_storage: bool = False
    placement: Placement = Placement()
    requests: Amounts = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Sorted by it, pods are in the order in which the API lists them."""
        return self.namespace, self.name

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def healthy(self) -> bool:
        """As budgets count: whatever its phase is."""
        return self.ready and not self.terminating

    @property
    def finished(self) -> bool:
        return self.phase in ENDED

    @property
    def active(self) -> bool:
        """Whether its controller counts it."""
        return not self.finished and not self.terminating

    @property
    def ordinal(self) -> int:
        """Its number among the pods of a StatefulSet; -1 when its name has none."""
        number = self.name.rpartition("-")[2]
        return int(number) if number.isdecimal() else -1

    def is_owned_by(self, kind: str) -> bool:
        return self.owner is not None and self.owner.kind == kind


def read_pod(manifest: Any) -> Pod:
    """A pod as the API gives it; ManifestError if it is none. Fields that nothing here looks at may be anything."""
    metadata = read_metadata(manifest, ("Pod",))
    spec = read_mapping(f"{metadata.where}spec", manifest.get("spec") or {})
    status = read_mapping(f"{metadata.where}status", manifest.get("status") or {})
    return Pod(
        metadata.namespace,
        metadata.name,
        node=str(spec.get("nodeName", "")),
        labels=metadata.labels,
        phase=str(status.get("phase", PENDING)),
        ready=_is_ready(f"{metadata.where}status.conditions", status.get("conditions", [])),
        terminating=metadata.terminating,
        owner=metadata.owner,
        mirror=_MIRROR in metadata.annotations,
        local_storage=has_local_storage(f"{metadata.where}spec", spec, metadata.annotations),
        placement=read_placement(f"{metadata.where}spec", spec, metadata.namespace),
        requests=read_pod_resources(f"{metadata.where}spec", spec).total(REQUESTS),
    )


def has_local_storage(where: str, spec: Mapping[str, Any], annotations: Mapping[str, Any]) -> bool:
    """Whether a pod has an emptyDir, other than those that its annotations call expendable."""
    expendable = {name.strip() for name in str(annotations.get(_EXPENDABLE, "")).split(",")}
    volumes = read_list(f"{where}.volumes", spec.get("volumes", []))
    read = [read_mapping(f"{where}.volumes[{index}]", one) for index, one in enumerate(volumes)]
    return any("emptyDir" in one and one.get("name") not in expendable for one in read)


def _is_ready(where: str, value: Any) -> bool:
    conditions = [read_mapping(f"{where}[{index}]", entry) for index, entry in enumerate(read_list(where, value))]
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
