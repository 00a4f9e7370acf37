# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about a budget by itself, and about what it selects."""
from __future__ import annotations

from collections.abc import Callable, Iterator

from .budgets import ALWAYS_ALLOW
from .declared import Declared
from .findings import ERROR, WARNING, Problem, problem


def without_a_bound(case: Declared) -> Iterator[Problem]:
    for budget in case.budgets:
        if budget.min_available is None and budget.max_unavailable is None:
            message = f"{budget.full_name} has neither minAvailable nor maxUnavailable, and so lets no pod go"
            yield problem("budget_without_bound", ERROR, message, budget)


def default_for_unhealthy_pods(case: Declared) -> Iterator[Problem]:
    for budget in case.budgets:
        workloads = case.workloads_of(budget)
        # Where pods keep data of their own, the one that is not Ready may have what no other has.
        meant = bool(workloads) and all(workload.keeps_data for workload in workloads)
        if budget.unhealthy != ALWAYS_ALLOW and not meant:
            message = (
                f"{budget.full_name} keeps even pods that are not Ready while too few are healthy, which blocks the "
                f"drain that might heal them: set unhealthyPodEvictionPolicy to {ALWAYS_ALLOW}"
            )
            yield problem("unhealthy_policy", WARNING, message, budget)


def matching_nothing(case: Declared) -> Iterator[Problem]:
    for budget in case.budgets:
        if budget.selector is None:
            message = f"{budget.full_name} has no selector, and so matches no pod; the empty one, {{}}, matches all"
            yield problem("budget_matches_nothing", ERROR, message, budget)
        elif not case.selected(budget):
            hint = case.nearest(budget)
            message = f"{budget.full_name} matches no pod of {budget.namespace}: it wants {budget.selector}{hint}"
            yield problem("budget_matches_nothing", ERROR, message, budget)


def two_on_a_pod(case: Declared) -> Iterator[Problem]:
    for workload in case.workloads:
        budgets = case.budgets_of(workload)
        if len(budgets) > 1:
            names = " and ".join(budget.full_name for budget in budgets)
            message = f"{names} both select the pods of {workload}: no eviction can satisfy two, each fails"
            yield problem("two_budgets", ERROR, message, *budgets, workload)


def not_countable(case: Declared) -> Iterator[Problem]:
    for budget in case.budgets:
        status = case.status(budget)
        if status.failure:
            message = (
                f"{budget.full_name} ({budget.bound}) lets no pod go: {status.failure}; "
                "minAvailable as a number needs nobody to say it"
            )
            yield problem("scale_unknown", ERROR, message, budget)
        elif status.uncontrolled:
            message = (
                f"{budget.full_name} ({budget.bound}) leaves out {', '.join(status.uncontrolled)}, "
                "which no controller made, when it counts what there should be: give it minAvailable as a number"
            )
            yield problem("uncontrolled_pods", WARNING, message, budget)


def too_tight(case: Declared) -> Iterator[Problem]:
    for budget in case.countable:
        status = case.status(budget)
        bound = f"{budget.full_name} wants {status.desired} healthy pods of {status.healthy} ({budget.bound})"
        if status.desired > status.healthy:
            message = f"{bound}: that can never be met, and no pod is ever let go"
            yield problem("budget_unreachable", ERROR, message, budget)
        elif status.desired == status.healthy:
            share = budget.min_available
            if share is not None and share.is_percentage and share.number < 100:
                message = f"{bound}: a share is rounded up, so no pod is ever let go"
                yield problem("share_rounds_to_all", ERROR, message, budget)
            else:
                yield problem("budget_zero", ERROR, f"{bound}: no pod is ever let go", budget)


def toothless(case: Declared) -> Iterator[Problem]:
    for budget in case.countable:
        status = case.status(budget)
        if status.desired == 0:
            message = f"{budget.full_name} ({budget.bound}) lets all {status.healthy} pods go at once"
            yield problem("budget_protects_nothing", WARNING, message, budget)


BUDGET_RULES: tuple[Callable[[Declared], Iterator[Problem]], ...] = (
    without_a_bound, default_for_unhealthy_pods, matching_nothing, two_on_a_pod, not_countable, too_tight, toothless,
)  # fmt: skip
