# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NetworkPolicies, as networking.k8s.io/v1 has them: what the API would refuse is refused here, too."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ManifestError
from ..fields import read_labels, read_list, read_mapping
from ..selectors import Selector, read_selector
from .rules import Rule, read_rules

API_VERSION = "networking.k8s.io/v1"
INGRESS, EGRESS = "ingress", "egress"
DIRECTIONS = (INGRESS, EGRESS)

# The field of a rule that has who may be at the other end.
PEERS = {INGRESS: "from", EGRESS: "to"}
_TYPES = {"Ingress": INGRESS, "Egress": EGRESS}


@dataclass(frozen=True)
class Policy:
    """A NetworkPolicy. `directions` are those in which it isolates the pods that it selects.

    Rules of other directions have no effect. `stated` is false when the directions follow from the rules; `given`
    are the directions of which the manifest has a list of rules, if an empty one.
    """

    namespace: str
    name: str
    pods: Selector
    directions: tuple[str, ...]
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()
    stated: bool = True
    given: tuple[str, ...] = ()

    def rules(self, direction: str) -> tuple[Rule, ...]:
        """The rules that count in this direction."""
        return getattr(self, direction) if direction in self.directions else ()

    @property
    def normal(self) -> Policy:
        """The same for policies that mean the same, whether the API has filled in what their manifests left out."""
        return replace(
            self,
            pods=self.pods.normal,
            ingress=tuple(rule.normal for rule in self.ingress),
            egress=tuple(rule.normal for rule in self.egress),
            stated=True,
            given=(),
        )

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def read_policies(manifests: Iterable[Any], namespace: str = "") -> list[Policy]:
    """All of them; ManifestError at the first that is none, or that is there twice, as one would replace the other."""
    policies: dict[str, Policy] = {}
    for manifest in manifests:
        policy = read_policy(manifest, namespace)
        if str(policy) in policies:
            raise ManifestError(f"NetworkPolicy {policy}", "it is there twice")
        policies[str(policy)] = policy
    return list(policies.values())


def read_policy(manifest: Any, namespace: str = "") -> Policy:
    """A policy from its manifest; ManifestError when the API would refuse it.

    Args:
        namespace: where it is when its manifest does not say so.
    """
    known = ("apiVersion", "kind", "metadata", "spec")
    fields = read_mapping("NetworkPolicy", manifest, known, required=known[:3])
    for name, wanted in (("apiVersion", API_VERSION), ("kind", "NetworkPolicy")):
        if fields[name] != wanted:
            raise ManifestError(f"NetworkPolicy.{name}", f"it is {wanted}, not {fields[name]!r}")
    metadata = read_mapping("NetworkPolicy.metadata", fields["metadata"], required=("name",))
    read_labels("NetworkPolicy.metadata.labels", metadata.get("labels"))
    name, namespace = metadata["name"], metadata.get("namespace", namespace)
    for field, text in (("name", name), ("namespace", namespace)):
        if not isinstance(text, str) or not text:
            raise ManifestError(f"NetworkPolicy {name}: metadata.{field}", f"it is a name, not {text!r}")
    where = f"NetworkPolicy {namespace}/{name}: spec"
    spec = read_mapping(where, fields.get("spec", {}), ("podSelector", "policyTypes", *DIRECTIONS))
    ingress, egress = (read_rules(f"{where}.{key}", spec.get(key, []), PEERS[key]) for key in DIRECTIONS)
    stated = _directions(f"{where}.policyTypes", spec.get("policyTypes", []))
    return Policy(
        namespace=namespace,
        name=name,
        # Absent or empty, it selects every pod of the namespace.
        pods=read_selector(f"{where}.podSelector", spec.get("podSelector", {})),
        # As the API has it: an empty list of egress rules does not count as one.
        directions=stated or (DIRECTIONS if egress else (INGRESS,)),
        ingress=ingress,
        egress=egress,
        stated=bool(stated),
        given=tuple(direction for direction in DIRECTIONS if direction in spec),
    )


def _directions(where: str, value: Any) -> tuple[str, ...]:
    types = read_list(where, value)
    if len(types) > 2:
        raise ManifestError(where, f"there are two types at most, not {len(types)}")
    for entry in types:
        if entry not in _TYPES:
            raise ManifestError(where, f"a type is {' or '.join(_TYPES)}, not {entry!r}")
    return tuple(direction for name, direction in _TYPES.items() if name in types)
