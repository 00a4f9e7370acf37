# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ResourceQuotas: whether a roll-out fits, told before it, as a ReplicaSet that is refused only sits there."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .limit_ranges import LimitRange, objections, read_limit_range, with_defaults
from .pod_resources import LIMITS, REQUESTS, PodResources
from .quantities import format_quantity
from .quota_demands import Demand, read_demand
from .quota_scopes import Quota, read_quota

# Each container must ask for these where a quota is about them; the API has it for no others.
_OBLIGATORY = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")


@dataclass(frozen=True)
class Refusal:
    """Why no pod of a workload is made at all. `code` is limit_range or resources_missing."""

    code: str
    workload: str
    message: str

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "workload": self.workload, "message": self.message}


@dataclass(frozen=True)
class Account:
    """One resource of one quota: how much of it there is, and who wants how much."""

    quota: str
    resource: str
    hard: Fraction
    shares: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def wanted(self) -> Fraction:
        return sum(self.shares.values(), Fraction())

    @property
    def fits(self) -> bool:
        return self.wanted <= self.hard

    @property
    def message(self) -> str:
        def text(amount: Fraction) -> str:
            return format_quantity(self.resource, amount)

        shares = ", ".join(f"{name} {text(share)}" for name, share in self.shares.items() if share)
        verdict = "fits" if self.fits else f"{text(self.wanted - self.hard)} too much"
        return (
            f"ResourceQuota {self.quota}: {self.resource} {text(self.wanted)} of {text(self.hard)} "
            f"({shares or 'nobody'}), {verdict}"
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "quota": self.quota,
            "resource": self.resource,
            "hard": format_quantity(self.resource, self.hard),
            "wanted": format_quantity(self.resource, self.wanted),
            "fits": self.fits,
            "message": self.message,
        }


@dataclass(frozen=True)
class Preflight:
    """Whether all workloads can be rolled out at once.

    Args:
        unchecked: resources of quotas that pods do not take, such as services, and scopes that are not known here.
    """

    refusals: tuple[Refusal, ...]
    accounts: tuple[Account, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        return not self.refusals and all(account.fits for account in self.accounts)

    @property
    def problems(self) -> list[str]:
        """Sentences, each with what it is about and by how much."""
        full = [account.message for account in self.accounts if not account.fits]
        return [*(refusal.message for refusal in self.refusals), *full]

    def as_dict(self) -> dict[str, Any]:
        return {
            "fits": self.fits,
            "problems": self.problems,
            "refusals": [refusal.as_dict() for refusal in self.refusals],
            "accounts": [account.as_dict() for account in self.accounts],
            "unchecked": list(self.unchecked),
        }


def check_quotas(
    workloads: Iterable[Any],
    quotas: Iterable[Any],
    limit_ranges: Iterable[Any] = (),
    nodes: int = 1,
) -> Preflight:
    """Whether these fit into what the quotas of their namespaces leave; all are manifests, ManifestError if not.

    Args:
        workloads: what is rolled out and, as it counts just as well, what runs there already: other workloads, or
            pods. Replicas are counted with those that a roll-out may have beyond them.
        nodes: how many pods a DaemonSet has.
    """
    demands = [demand for demand in (read_demand(manifest, nodes) for manifest in workloads) if demand.count]
    ranges = [read_limit_range(manifest) for manifest in limit_ranges]
    known = [read_quota(manifest) for manifest in quotas]
    completed = [_completed(demand, ranges) for demand in demands]
    refusals = [refusal for demand in completed for refusal in _refusals(demand, ranges, known)]
    accounts = [account for quota in known for account in _accounts(quota, completed)]
    unchecked = [f"ResourceQuota {quota.full_name}: {what}" for quota in known for what in _unchecked(quota)]
    return Preflight(tuple(refusals), tuple(accounts), tuple(unchecked))


def _completed(demand: Demand, ranges: Iterable[LimitRange]) -> Demand:
    pod = with_defaults(demand.pod, [one for one in ranges if one.namespace == demand.namespace])
    return Demand(demand.name, demand.namespace, demand.count, pod)


def _refusals(demand: Demand, ranges: Sequence[LimitRange], quotas: Sequence[Quota]) -> list[Refusal]:
    near = [one for one in ranges if one.namespace == demand.namespace]
    found = [Refusal("limit_range", demand.name, f"{demand.name}: {text}") for text in objections(demand.pod, near)]
    for quota in quotas:
        missing = _missing(demand.pod, quota) if quota.is_about(demand.namespace, demand.pod) else {}
        for resource, containers in missing.items():
            message = (
                f"{demand.name}: {', '.join(containers)} must set {resource}, which ResourceQuota {quota.full_name} "
                "counts: set it, or give a default by a LimitRange"
            )
            found.append(Refusal("resources_missing", demand.name, message))
    return found


def _missing(pod: PodResources, quota: Quota) -> dict[str, list[str]]:
    """Containers by the resource that they do not set, though the quota wants it. A pod that sets its own is free."""
    missing: dict[str, list[str]] = {}
    for resource in sorted(set(_OBLIGATORY) & set(quota.hard)):
        kind, _dot, name = resource.rpartition(".")
        for container in pod.containers:
            amounts = container.limits if kind == LIMITS else container.requests
            if name not in amounts and not pod.sets_whole:
                missing.setdefault(resource, []).append(container.name)
    return missing


def _accounts(quota: Quota, demands: Sequence[Demand]) -> list[Account]:
    charged = [one for one in demands if quota.is_about(one.namespace, one.pod)]
    usage = {one.name: _usage(one.pod) for one in charged}
    return [
        Account(
            quota.full_name,
            resource,
            hard,
            {one.name: one.count * usage[one.name].get(resource, Fraction()) for one in charged},
        )
        for resource, hard in quota.hard.items()
        if _is_of_pods(resource)
    ]


def _usage(pod: PodResources) -> dict[str, Fraction]:
    """What one pod takes, by the names that quotas have for it."""
    usage = {"pods": Fraction(1), "count/pods": Fraction(1)}
    for kind, amounts in ((REQUESTS, pod.total(REQUESTS)), (LIMITS, pod.total(LIMITS))):
        usage.update({f"{kind}.{name}": amount for name, amount in amounts.items()})
    usage.update({name: amount for name, amount in pod.total(REQUESTS).items() if "/" not in name})
    return usage


def _is_of_pods(resource: str) -> bool:
    bare = resource[len("requests.") :] if resource.startswith("requests.") else resource
    if resource in ("pods", "count/pods") or bare in ("cpu", "memory", "ephemeral-storage"):
        return True
    if resource.startswith(("limits.", "hugepages-", "requests.hugepages-")):
        return True
    # Storage is requested by claims, and counted for them.
    return resource.startswith("requests.") and "/" in bare


def _unchecked(quota: Quota) -> list[str]:
    return [*(name for name in quota.hard if not _is_of_pods(name)), *quota.unknown_scopes]
