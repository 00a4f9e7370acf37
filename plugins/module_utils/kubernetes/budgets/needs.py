# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What else decides how many pods there are, or must be: autoscalers, and quorums that only their owner knows of."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..fields import read_mapping
from .amounts import read_count
from .metadata import read_metadata


@dataclass(frozen=True)
class Autoscaler:
    """A HorizontalPodAutoscaler: down to how many replicas of which workload it may go."""

    namespace: str
    name: str
    kind: str
    target: str
    minimum: int = 1

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Quorum:
    """What a workload needs to do its work, of which no manifest tells.

    Args:
        shards: names of pods that hold the same data, such as a master of a Redis Cluster and its replicas: one of
            each must stay, and so must the majority of as many masters, which vote. Without shards it is the
            majority of all pods that must stay, as with Sentinel.
    """

    namespace: str
    workload: str
    shards: tuple[tuple[str, ...], ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.workload}"


def majority(count: int) -> int:
    return count // 2 + 1


def read_autoscaler(manifest: Any) -> Autoscaler:
    """A HorizontalPodAutoscaler as the API gives it; ManifestError if it is none."""
    metadata = read_metadata(manifest, ("HorizontalPodAutoscaler",))
    where = f"{metadata.where}spec"
    spec = read_mapping(where, manifest.get("spec") or {}, required=("scaleTargetRef",))
    target = read_mapping(f"{where}.scaleTargetRef", spec["scaleTargetRef"], required=("kind", "name"))
    minimum = read_count(f"{where}.minReplicas", spec.get("minReplicas", 1))
    return Autoscaler(metadata.namespace, metadata.name, str(target["kind"]), str(target["name"]), minimum)
