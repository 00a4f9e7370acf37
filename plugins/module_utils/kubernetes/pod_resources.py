# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one pod takes: its containers' requests and limits, and what they come to together."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .fields import read_list, read_mapping
from .quantities import read_quantities

Amounts = Mapping[str, Fraction]
REQUESTS, LIMITS = "requests", "limits"


@dataclass(frozen=True)
class Container:
    """One container.

    Args:
        is_init: whether it runs before the others.
        is_sidecar: whether it stays beside them, though it is an init container.
    """

    name: str
    requests: Amounts = field(default_factory=dict)
    limits: Amounts = field(default_factory=dict)
    is_init: bool = False
    is_sidecar: bool = False


@dataclass(frozen=True)
class PodResources:
    """A pod's containers, and what else decides on what it takes.

    Args:
        requests, limits: of the pod as a whole; these are what counts, where they are.
        overhead: what its runtime class adds.
        priority_class: by which quotas can choose pods.
        has_deadline: whether it ends after some time whatever happens, which also quotas can choose by.
    """

    containers: tuple[Container, ...]
    requests: Amounts = field(default_factory=dict)
    limits: Amounts = field(default_factory=dict)
    overhead: Amounts = field(default_factory=dict)
    priority_class: str = ""
    has_deadline: bool = False

    @property
    def is_best_effort(self) -> bool:
        """Whether it asks for neither processor nor memory."""
        amounts = [self.requests, self.limits]
        amounts += [part for one in self.containers for part in (one.requests, one.limits)]
        return not any(part.get(name) for part in amounts for name in ("cpu", "memory"))

    @property
    def sets_whole(self) -> bool:
        return bool(self.requests or self.limits)

    def total(self, kind: str, with_overhead: bool = True) -> dict[str, Fraction]:
        """What it takes at its worst moment, of REQUESTS or LIMITS.

        Containers and sidecars run together; an init container runs beside the sidecars that began before it.
        """
        together: dict[str, Fraction] = {}
        sidecars: dict[str, Fraction] = {}
        worst: dict[str, Fraction] = {}
        for container in self.containers:
            amounts: Amounts = getattr(container, kind)
            if container.is_sidecar:
                sidecars = _sum((sidecars, amounts))
                worst = _most((worst, sidecars))
            elif container.is_init:
                worst = _most((worst, _sum((sidecars, amounts))))
            if container.is_sidecar or not container.is_init:
                together = _sum((together, amounts))
        total = {**_most((together, worst)), **getattr(self, kind)}
        if with_overhead:
            # A limit that is not set is none; overhead makes no limit of it.
            added = {name: part for name, part in self.overhead.items() if kind == REQUESTS or total.get(name)}
            total = _sum((total, added))
        return total


def read_pod_resources(where: str, value: Any) -> PodResources:
    """From the spec of a pod; ManifestError if it is none. A limit is the request, too, where there is no other."""
    spec = read_mapping(where, value)
    whole = read_mapping(f"{where}.resources", spec.get("resources", {}))
    limits = read_quantities(f"{where}.resources.limits", whole.get(LIMITS))
    requests = read_quantities(f"{where}.resources.requests", whole.get(REQUESTS))
    containers = [
        _container(f"{where}.{kind}[{index}]", entry, kind == "initContainers")
        for kind in ("initContainers", "containers")
        for index, entry in enumerate(read_list(f"{where}.{kind}", spec.get(kind, [])))
    ]
    asked = {name for container in containers for name in container.requests}
    return PodResources(
        tuple(containers),
        {**{name: limit for name, limit in limits.items() if name not in asked}, **requests},
        limits,
        read_quantities(f"{where}.overhead", spec.get("overhead")),
        str(spec.get("priorityClassName", "")),
        "activeDeadlineSeconds" in spec,
    )


def _container(where: str, value: Any, is_init: bool) -> Container:
    fields = read_mapping(where, value, required=("name",))
    resources = read_mapping(f"{where}.resources", fields.get("resources", {}), (REQUESTS, LIMITS, "claims"))
    limits = read_quantities(f"{where}.resources.limits", resources.get(LIMITS))
    requests = read_quantities(f"{where}.resources.requests", resources.get(REQUESTS))
    is_sidecar = is_init and fields.get("restartPolicy") == "Always"
    return Container(str(fields["name"]), {**limits, **requests}, limits, is_init, is_sidecar)


def _sum(parts: Iterable[Amounts]) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, Fraction()) + amount
    return total


def _most(parts: Iterable[Amounts]) -> dict[str, Fraction]:
    most: dict[str, Fraction] = {}
    for part in parts:
        for name, amount in part.items():
            most[name] = max(most.get(name, Fraction()), amount)
    return most
