# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Budgets as plain data: what modules return."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .budgets import Budget, budget_status
from .pods import Pod
from .workloads import Controllers, Workload


def describe_budgets(
    budgets: Iterable[Budget], pods: Sequence[Pod], workloads: Iterable[Workload]
) -> list[dict[str, Any]]:
    """Each budget with what it selects and what it allows now, whatever its status said when it was last written.

    Args:
        workloads: all that made these pods, ReplicaSets too.
    """
    controllers = Controllers(workloads)
    return [_describe(budget, pods, controllers) for budget in budgets]


def _describe(budget: Budget, pods: Sequence[Pod], controllers: Controllers) -> dict[str, Any]:
    selected = sorted(pod.name for pod in pods if budget.selects(pod))
    status = budget_status(budget, pods, controllers)
    return {
        "namespace": budget.namespace,
        "name": budget.name,
        "bound": budget.bound,
        "selector": "nothing" if budget.selector is None else str(budget.selector),
        "unhealthy_pod_eviction_policy": budget.unhealthy,
        "pods": selected,
        "blocks": bool(selected) and not status.allowed,
        **status.as_dict(),
    }
