# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Budgets beside workloads as they are when all is well: every replica there, and Ready."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Optional

from .budgets import Budget, Status, budget_status
from .needs import Autoscaler, Quorum
from .pods import Pod
from .workloads import Controllers, Workload


@dataclass(frozen=True)
class Declared:
    """What rules about budgets look at. See find_problems."""

    budgets: tuple[Budget, ...]
    all_workloads: tuple[Workload, ...]
    all_pods: tuple[Pod, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    quorums: tuple[Quorum, ...] = ()

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Those that nothing else here makes: a Deployment, and not its ReplicaSets."""
        known = Controllers(self.all_workloads)
        return tuple(one for one in self.all_workloads if known.of(one.namespace, one.owner) is None)

    @cached_property
    def countable(self) -> list[Budget]:
        """Budgets that the controller can count, and that select something."""
        return [
            budget
            for budget in self.budgets
            if budget.bound != "no bound" and self.status(budget).healthy and not self.status(budget).failure
            if all(workload.is_scaled for workload in self.workloads_of(budget))
        ]

    def status(self, budget: Budget) -> Status:
        """When all is well."""
        return self._statuses[budget.full_name]

    def status_scaled(self, budget: Budget, workload: Workload, replicas: int) -> Status:
        """When all is well, and this workload has another number of replicas."""
        return self._count(
            budget, tuple(replace(one, replicas=replicas) if one == workload else one for one in self.workloads)
        )

    def spare(self, budget: Budget) -> int:
        """How many pods it lets go when all is well."""
        return self.status(budget).allowed

    def budgets_of(self, workload: Workload) -> list[Budget]:
        return self._guards[str(workload)]

    def may_go(self, workload: Workload) -> int:
        """How many of its pods budgets let go at once: none where two make each eviction fail."""
        budgets = self.budgets_of(workload)
        if len(budgets) > 1:
            return 0
        return min([workload.replicas or 0, *map(self.spare, budgets)])

    def workloads_of(self, budget: Budget) -> list[Workload]:
        """Those whose pods it selects."""
        return [workload for workload in self.workloads if budget in self.budgets_of(workload)]

    def selected(self, budget: Budget) -> bool:
        """Whether it selects anything, also of a workload that has no replicas now."""
        return bool(self.workloads_of(budget)) or any(map(budget.selects, self._strays))

    def target(self, scaler: Autoscaler) -> Optional[Workload]:
        found = [one for one in self.workloads if (one.namespace, one.kind) == (scaler.namespace, scaler.kind)]
        return next((one for one in found if one.name == scaler.target), None)

    def named(self, quorum: Quorum) -> list[Workload]:
        return [one for one in self.workloads if one.full_name == quorum.full_name]

    def nearest(self, budget: Budget) -> str:
        """Where a budget that selects nothing may have been meant for: the workload that meets most of it."""
        selector = budget.selector
        if selector is None:
            return ""
        near = [
            (sum(requirement.matches(one.labels) for requirement in selector.requirements), one)
            for one in self.workloads
            if one.namespace == budget.namespace
        ]
        met, best = max(near, key=lambda pair: pair[0], default=(0, None))
        return f", but pods of {best} do not meet {selector.unmet(best.labels)}" if met and best else ""

    @cached_property
    def _guards(self) -> dict[str, list[Budget]]:
        return {str(one): [budget for budget in self.budgets if budget.selects(one)] for one in self.workloads}

    @cached_property
    def _statuses(self) -> dict[str, Status]:
        return {budget.full_name: self._count(budget, self.workloads) for budget in self.budgets}

    def _count(self, budget: Budget, workloads: tuple[Workload, ...]) -> Status:
        selected = [one for one in workloads if budget.selects(one)]
        pods = [pod for one in selected for pod in (one.pods() if one.is_scaled else [one.pod()])]
        return budget_status(budget, [*self._strays, *pods], Controllers(workloads))

    @cached_property
    def _strays(self) -> list[Pod]:
        """Pods that no workload here makes."""
        known = Controllers(self.all_workloads)
        return [pod for pod in self.all_pods if pod.active and known.of(pod.namespace, pod.owner) is None]
