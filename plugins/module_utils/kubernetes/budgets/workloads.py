# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Workloads: what makes pods, how many, and how many of them its own roll-out takes down at once."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..fields import read_labels, read_mapping
from .amounts import read_count
from .metadata import Owner, read_metadata
from .placement import Placement, read_placement
from .pods import Pod, has_local_storage
from .rollouts import read_choice, read_rollout

# The disruption controller asks for a scale, which these do not have.
UNSCALED = ("DaemonSet", "Job")
_MANAGEMENT = ("OrderedReady", "Parallel")


@dataclass(frozen=True)
class Workload:
    """One object that makes pods.

    Args:
        replicas: how many it wants; None where that is not for it to say (DaemonSet, Job).
        labels: those of its pods.
        unavailable: how many of them its roll-out may take down at once.
        surge: how many more than wanted there may be meanwhile.
        ordered: whether it makes a pod only when those with lower numbers are Ready.
        owner: what makes this object, such as the Deployment of a ReplicaSet.
        keeps_data: whether each pod has volumes of its own that outlive it.
    """

    kind: str
    namespace: str
    name: str
    replicas: Optional[int] = 1
    labels: Mapping[str, str] = field(default_factory=dict)
    unavailable: int = 0
    surge: int = 0
    ordered: bool = False
    owner: Optional[Owner] = None
    local_storage: bool = False
    placement: Placement = Placement()
    keeps_data: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"

    def __str__(self) -> str:
        return f"{self.kind} {self.full_name}"

    @property
    def is_scaled(self) -> bool:
        return self.replicas is not None

    def pod(self, number: int = 0) -> Pod:
        """One of its pods as it is when it is rolled out: named by number, Ready, on no node yet."""
        return Pod(
            self.namespace,
            f"{self.name}-{number}",
            labels=self.labels,
            owner=Owner(self.kind, self.name),
            local_storage=self.local_storage,
            placement=self.placement,
        )

    def pods(self) -> tuple[Pod, ...]:
        return tuple(self.pod(number) for number in range(self.replicas or 0))


def read_workload(manifest: Any) -> Workload:
    """A workload as the API gives it or a user writes it; ManifestError if it is none.

    Custom kinds are read, too, when they have `spec.replicas` and a template like the others.
    """
    metadata = read_metadata(manifest)
    where, kind = metadata.where, manifest["kind"]
    spec = read_mapping(f"{where}spec", manifest.get("spec") or {})
    template = read_mapping(f"{where}spec.template", spec.get("template", {}))
    about = read_mapping(f"{where}spec.template.metadata", template.get("metadata", {}))
    annotations = read_mapping(f"{where}spec.template.metadata.annotations", about.get("annotations", {}))
    pod = read_mapping(f"{where}spec.template.spec", template.get("spec", {}))
    replicas = None if kind in UNSCALED else read_count(f"{where}spec.replicas", spec.get("replicas", 1))
    unavailable, surge = read_rollout(f"{where}spec", kind, spec, replicas or 0)
    return Workload(
        kind,
        metadata.namespace,
        metadata.name,
        replicas,
        read_labels(f"{where}spec.template.metadata.labels", about.get("labels")),
        unavailable,
        surge,
        kind == "StatefulSet" and read_choice(f"{where}spec.podManagementPolicy", spec, _MANAGEMENT) == _MANAGEMENT[0],
        metadata.owner,
        has_local_storage(f"{where}spec.template.spec", pod, annotations),
        read_placement(f"{where}spec.template.spec", pod, metadata.namespace),
        bool(spec.get("volumeClaimTemplates")),
    )


class Controllers:
    """Workloads by the name that the owner of a pod has."""

    def __init__(self, workloads: Iterable[Workload]) -> None:
        self._known = {(one.namespace, one.kind, one.name): one for one in workloads}

    def of(self, namespace: str, owner: Optional[Owner]) -> Optional[Workload]:
        return None if owner is None else self._known.get((namespace, owner.kind, owner.name))

    def scaled(self, namespace: str, owner: Owner) -> Optional[Workload]:
        """Whose replicas count for a pod with this owner: the Deployment's where there is one, not the ReplicaSet's."""
        direct = self.of(namespace, owner)
        if direct is None or direct.replicas is None:
            return None
        above = self.of(namespace, direct.owner) if owner.kind == "ReplicaSet" else None
        return above if above is not None and above.kind == "Deployment" else direct
