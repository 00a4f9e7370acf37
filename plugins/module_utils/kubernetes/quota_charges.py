# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of many manifests quotas charge for: each pod once, by what wants it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .budgets.metadata import read_metadata
from .fields import read_list, read_mapping

_Manifest = Mapping[str, Any]


def charged(manifests: Iterable[_Manifest]) -> list[_Manifest]:
    """Workloads and pods that nothing else here makes, without Jobs that are over; ManifestError."""
    some = [(read_metadata(one), one) for one in manifests]
    known = {(about.namespace, one["kind"], about.name) for about, one in some}
    return [
        one
        for about, one in some
        if about.owner is None or (about.namespace, about.owner.kind, about.owner.name) not in known
        if not (one["kind"] == "Job" and _is_over(about.where, one))
    ]


def _is_over(where: str, job: _Manifest) -> bool:
    status = read_mapping(f"{where}status", job.get("status") or {})
    conditions = read_list(f"{where}status.conditions", status.get("conditions", []))
    return any(one.get("type") in ("Complete", "Failed") and one.get("status") == "True" for one in conditions)
