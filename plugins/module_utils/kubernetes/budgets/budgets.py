# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PodDisruptionBudgets as the disruption controller counts them and as the Eviction API keeps to them."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Optional, Union

from ..errors import ManifestError
from ..fields import read_mapping
from ..selectors import Selector, read_selector
from .amounts import Amount, read_amount
from .metadata import read_metadata
from .pods import PENDING, Pod
from .workloads import Controllers, Workload

IF_HEALTHY_BUDGET, ALWAYS_ALLOW = "IfHealthyBudget", "AlwaysAllow"
_FIELDS = ("minAvailable", "maxUnavailable", "selector", "unhealthyPodEvictionPolicy")


@dataclass(frozen=True)
class Budget:
    """How many of the pods that it selects must stay.

    Args:
        selector: None selects nothing; one without conditions selects every pod of the namespace.
        unhealthy: whether pods that are not Ready may go while too few are (AlwaysAllow) or not (IfHealthyBudget).
    """

    namespace: str
    name: str
    selector: Optional[Selector] = None
    min_available: Optional[Amount] = None
    max_unavailable: Optional[Amount] = None
    unhealthy: str = IF_HEALTHY_BUDGET

    @property
    def normal(self) -> Budget:
        """The same for budgets that mean the same: the API writes labels in the order of their names."""
        return replace(self, selector=self.selector and self.selector.normal)

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def bound(self) -> str:
        """Such as "minAvailable 50%"."""
        if self.max_unavailable is not None:
            return f"maxUnavailable {self.max_unavailable}"
        return "no bound" if self.min_available is None else f"minAvailable {self.min_available}"

    def selects(self, pod: Union[Pod, Workload]) -> bool:
        """A pod, or the pods of a workload."""
        return self.selector is not None and pod.namespace == self.namespace and self.selector.matches(pod.labels)


def read_budget(manifest: Any) -> Budget:
    """A budget of policy/v1; ManifestError when the API would not take it, or would not see a field of it."""
    metadata = read_metadata(manifest, ("PodDisruptionBudget",))
    where = f"{metadata.where}spec"
    version = manifest.get("apiVersion")
    if version != "policy/v1":
        raise ManifestError(f"{metadata.where}apiVersion", f"it is policy/v1, not {version!r}")
    read_mapping(metadata.where.rstrip(": "), manifest, ("apiVersion", "kind", "metadata", "spec", "status"))
    spec = read_mapping(where, manifest.get("spec") or {}, _FIELDS)
    if "minAvailable" in spec and "maxUnavailable" in spec:
        raise ManifestError(where, "it has minAvailable or maxUnavailable, not both")
    amounts = {
        name: read_amount(f"{where}.{name}", spec[name], at_most=100) if name in spec else None
        for name in ("minAvailable", "maxUnavailable")
    }
    unhealthy = spec.get("unhealthyPodEvictionPolicy", IF_HEALTHY_BUDGET)
    if unhealthy not in (IF_HEALTHY_BUDGET, ALWAYS_ALLOW):
        complaint = f"it is {IF_HEALTHY_BUDGET} or {ALWAYS_ALLOW}, not {unhealthy!r}"
        raise ManifestError(f"{where}.unhealthyPodEvictionPolicy", complaint)
    return Budget(
        metadata.namespace,
        metadata.name,
        read_selector(f"{where}.selector", spec["selector"]) if "selector" in spec else None,
        amounts["minAvailable"],
        amounts["maxUnavailable"],
        unhealthy,
    )


@dataclass(frozen=True)
class Status:
    """What the controller writes about a budget.

    Args:
        expected: how many pods there should be (expectedPods).
        healthy: how many are Ready and are not going (currentHealthy).
        desired: how many of them must stay (desiredHealthy).
        allowed: how many may be evicted now (disruptionsAllowed).
        failure: why the controller cannot count, so that it allows none.
        uncontrolled: pods without a controller, which a share of the replicas leaves out.
    """

    expected: int
    healthy: int
    desired: int
    allowed: int
    failure: str = ""
    uncontrolled: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "uncontrolled": list(self.uncontrolled)}


def budget_status(budget: Budget, pods: Iterable[Pod], controllers: Controllers) -> Status:
    """What the controller finds when these are all pods."""
    selected = [pod for pod in pods if budget.selects(pod)]
    healthy = sum(pod.healthy for pod in selected)
    if budget.max_unavailable is None and budget.min_available is None:
        return Status(0, healthy, 0, 0)
    uncontrolled: tuple[str, ...] = ()
    if budget.min_available is not None and not budget.min_available.is_percentage:
        # A number needs no whole: whatever matches is counted, also what has finished or is going.
        expected, desired = len(selected), budget.min_available.number
    else:
        expected, failure, uncontrolled = _scale(selected, controllers)
        if failure:
            return Status(0, healthy, 0, 0, failure, uncontrolled)
        if budget.max_unavailable is not None:
            desired = max(0, expected - budget.max_unavailable.up(expected))
        else:
            desired = budget.min_available.up(expected)
    allowed = max(0, healthy - desired) if expected > 0 else 0
    return Status(expected, healthy, desired, allowed, "", uncontrolled)


def _scale(pods: Sequence[Pod], controllers: Controllers) -> tuple[int, str, tuple[str, ...]]:
    """The replicas of all controllers that have one of these pods; why they cannot be told; pods without one."""
    replicas: dict[tuple[str, str], int] = {}
    for pod in pods:
        if pod.owner is not None:
            workload = controllers.scaled(pod.namespace, pod.owner)
            if workload is None:
                return 0, f"nobody can say how many pods {pod.owner}, which made {pod.name}, should have", ()
            replicas[workload.kind, workload.name] = workload.replicas or 0
    return sum(replicas.values()), "", tuple(pod.name for pod in pods if pod.owner is None)


@dataclass(frozen=True)
class Verdict:
    """The answer to the eviction of a pod.

    Args:
        code: 201, 429 (a budget refuses it now) or 500 (it can never be granted).
        reason: a sentence when it is refused.
        budgets: the names of those that select the pod; none where they are not asked.
    """

    code: int
    reason: str = ""
    budgets: tuple[str, ...] = ()

    @property
    def granted(self) -> bool:
        return self.code == 201

    @property
    def may_be_retried(self) -> bool:
        return self.code == 429


def judge_eviction(pod: Pod, budgets: Iterable[Budget], pods: Sequence[Pod], controllers: Controllers) -> Verdict:
    """What the Eviction API answers when the controller has just counted these pods."""
    if pod.phase == PENDING or pod.finished or pod.terminating:
        return Verdict(201)
    selecting = [budget for budget in budgets if budget.selects(pod)]
    names = tuple(budget.full_name for budget in selecting)
    if not selecting:
        return Verdict(201)
    if len(selecting) > 1:
        return Verdict(500, f"{' and '.join(names)} both select it, which no eviction can satisfy", names)
    (budget,) = selecting
    status = budget_status(budget, pods, controllers)
    if not pod.ready and (budget.unhealthy == ALWAYS_ALLOW or 0 < status.desired <= status.healthy):
        return Verdict(201, budgets=names)
    if status.allowed > 0:
        return Verdict(201, budgets=names)
    return Verdict(429, _refusal(budget, status), names)


def _refusal(budget: Budget, status: Status) -> str:
    if status.failure:
        return f"{budget.full_name} allows none: {status.failure}"
    if budget.bound == "no bound":
        return f"{budget.full_name} allows none: it has neither minAvailable nor maxUnavailable"
    return f"{budget.full_name} needs {status.desired} healthy pods and has {status.healthy}"
