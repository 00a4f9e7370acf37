# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a StatefulSet that is there does not let be changed, or what would cost data."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Optional

from .quantities import read_quantity

Object = Mapping[str, Any]


def stateful_complaints(
    found: Optional[Object], size: int, selector: Mapping[str, str], storage_size: str, storage_class: str
) -> list[str]:
    """Complaints about variables; none where there is no StatefulSet."""
    return list(_complaints(found["spec"], size, selector, storage_size, storage_class)) if found else []


def _complaints(
    spec: Object, size: int, selector: Mapping[str, str], storage_size: str, storage_class: str
) -> Iterator[str]:
    there = spec.get("replicas", 1)
    if there > size:
        yield (
            f"shards: there are {there} pods, and {size} would take some away with their slots; right would be to "
            "scale the cluster down first"
        )
    labels = spec["selector"].get("matchLabels") or {}
    if dict(labels) != dict(selector):
        yield f"part_of: the pods that are there have {_told(labels)}, which cannot be changed; right would be the same"
    for claim in spec.get("volumeClaimTemplates") or ():
        present = claim["spec"]["resources"]["requests"]["storage"]
        if read_quantity("storage", present) != read_quantity("storage_size", storage_size):
            yield f"storage_size: volumes are of {present}, and that cannot be changed; right would be the same"
        chosen = claim["spec"].get("storageClassName") or ""
        if storage_class and chosen != storage_class:
            yield f"storage_class: volumes are of {chosen or 'the default'}, and that cannot be changed"


def _told(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))
