# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ResourceQuotas, and which pods each of them is about."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from .budgets.metadata import read_metadata
from .errors import ManifestError
from .fields import read_list, read_mapping
from .pod_resources import Amounts, PodResources
from .quantities import read_quantities
from .selectors import Requirement, read_selector

_PRIORITY = "PriorityClass"
_SIMPLE = ("Terminating", "NotTerminating", "BestEffort", "NotBestEffort")
# Known to the API, but not what they are about to us: a quota with one is left out, and said to be.
_OTHERS = ("CrossNamespacePodAffinity", "VolumeAttributesClass")


@dataclass(frozen=True)
class Quota:
    """How much pods of a namespace may take together.

    Args:
        scopes: which pods: of each of these it must be one.
        priorities: conditions on the priority class.
        unknown_scopes: scopes by which it is about pods that cannot be told here.
    """

    namespace: str
    name: str
    hard: Amounts = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    priorities: tuple[Requirement, ...] = ()
    unknown_scopes: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"

    def is_about(self, namespace: str, pod: PodResources) -> bool:
        if namespace != self.namespace or self.unknown_scopes:
            return False
        facts = {
            "Terminating": pod.has_deadline,
            "NotTerminating": not pod.has_deadline,
            "BestEffort": pod.is_best_effort,
            "NotBestEffort": not pod.is_best_effort,
        }
        labels = {_PRIORITY: pod.priority_class} if pod.priority_class else {}
        return all(facts[scope] for scope in self.scopes) and all(one.matches(labels) for one in self.priorities)


def read_quota(manifest: Any) -> Quota:
    """A ResourceQuota; ManifestError if it is none."""
    metadata = read_metadata(manifest, ("ResourceQuota",))
    where = f"{metadata.where}spec"
    spec = read_mapping(where, manifest.get("spec") or {}, ("hard", "scopes", "scopeSelector"))
    scopes: list[str] = []
    unknown: list[str] = []
    priorities: list[Requirement] = []
    for place, name, requirement in _scopes(where, spec):
        if name in _OTHERS:
            unknown.append(name)
        elif name == _PRIORITY:
            priorities.append(requirement or Requirement(_PRIORITY, "Exists"))
        elif name in _SIMPLE:
            scopes.append(name)
        else:
            known = ", ".join((*_SIMPLE, _PRIORITY, *_OTHERS))
            raise ManifestError(place, f"it is one of {known}, not {name!r}")
    hard = read_quantities(f"{where}.hard", spec.get("hard"))
    return Quota(metadata.namespace, metadata.name, hard, tuple(scopes), tuple(priorities), tuple(unknown))


def _scopes(where: str, spec: Mapping[str, Any]) -> list[tuple[str, Any, Optional[Requirement]]]:
    """Where each stands, its name, and the condition that comes with it."""
    plain = read_list(f"{where}.scopes", spec.get("scopes", []))
    found: list[tuple[str, Any, Optional[Requirement]]] = [
        (f"{where}.scopes[{index}]", name, None) for index, name in enumerate(plain)
    ]
    where = f"{where}.scopeSelector"
    selector = read_mapping(where, spec.get("scopeSelector", {}), ("matchExpressions",))
    where = f"{where}.matchExpressions"
    for index, entry in enumerate(read_list(where, selector.get("matchExpressions", []))):
        place = f"{where}[{index}]"
        fields = read_mapping(place, entry, ("scopeName", "operator", "values"), required=("scopeName", "operator"))
        condition = {
            "key": str(fields["scopeName"]),
            "operator": fields["operator"],
            "values": fields.get("values", []),
        }
        found.append(
            (place, fields["scopeName"], read_selector(place, {"matchExpressions": [condition]}).requirements[0])
        )
    return found
