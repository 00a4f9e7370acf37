# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about workloads: whether budgets keep of them what must stay, and whether they keep to it themselves."""
from __future__ import annotations

from collections.abc import Callable, Iterator

from .declared import Declared
from .findings import ERROR, WARNING, Problem, problem
from .needs import majority
from .workloads import Workload


def without_a_budget(case: Declared) -> Iterator[Problem]:
    for workload in case.workloads:
        if workload.replicas is not None and workload.replicas > 1 and not case.budgets_of(workload):
            message = f"no budget selects the pods of {workload}: a drain may take all {workload.replicas} down at once"
            yield problem("no_budget", WARNING, message, workload)


def single_replica(case: Declared) -> Iterator[Problem]:
    for workload in case.workloads:
        if workload.replicas == 1:
            message = f"{workload} has one replica: either a drain takes it down or a budget blocks every drain"
            yield problem("single_replica", WARNING, message, workload)


def rollout_below_budget(case: Declared) -> Iterator[Problem]:
    for workload in case.workloads:
        for budget in case.budgets_of(workload):
            spare = case.spare(budget)
            if budget in case.countable and workload.unavailable > spare:
                message = (
                    f"a roll-out of {workload} takes down up to {workload.unavailable} of {workload.replicas} pods, "
                    f"where {budget.full_name} lets {spare or 'none'} go: roll-outs do not ask budgets"
                )
                yield problem("rollout_below_budget", ERROR, message, workload, budget)


def scaled_down_below_budget(case: Declared) -> Iterator[Problem]:
    for scaler in case.autoscalers:
        workload = case.target(scaler)
        if workload is None or not 0 < scaler.minimum < (workload.replicas or 0):
            continue
        for budget in case.budgets_of(workload):
            status = case.status_scaled(budget, workload, scaler.minimum)
            if not status.failure and budget in case.countable and status.desired >= status.healthy:
                message = (
                    f"{scaler.full_name} scales {workload} down to {scaler.minimum} replicas, where "
                    f"{budget.full_name} ({budget.bound}) lets no pod go: raise minReplicas, or let it want fewer"
                )
                about = f"HorizontalPodAutoscaler {scaler.full_name}"
                yield problem("autoscaler_below_budget", ERROR, message, about, workload, budget)


def quorum_at_risk(case: Declared) -> Iterator[Problem]:
    for quorum in case.quorums:
        for workload in case.named(quorum):
            voters = len(quorum.shards) or workload.replicas or 0
            needed, gone = majority(voters), min(voters, case.may_go(workload))
            what = "masters" if quorum.shards else "pods"
            if voters and needed == voters:
                message = f"{workload} has {voters} {what}, and all make the majority: none may fail, three are needed"
                yield problem("quorum_without_spare", WARNING, message, workload)
            elif voters - gone < needed:
                message = (
                    f"{workload} needs {needed} of {voters} {what}, a majority, and {_permission(case, workload)} "
                    f"{gone} go at once: at most {voters - needed} may"
                )
                yield problem("quorum_at_risk", ERROR, message, workload, *case.budgets_of(workload))


def shard_at_risk(case: Declared) -> Iterator[Problem]:
    for quorum in case.quorums:
        for workload in case.named(quorum):
            gone = case.may_go(workload)
            for shard in quorum.shards:
                if len(shard) <= gone:
                    message = (
                        f"{_permission(case, workload)} {gone} of the pods of {workload} go at once, which may be the "
                        f"whole shard {', '.join(shard)}: let fewer go, or give it a replica"
                    )
                    yield problem("shard_at_risk", ERROR, message, workload, *case.budgets_of(workload))


def _permission(case: Declared, workload: Workload) -> str:
    names = " and ".join(budget.full_name for budget in case.budgets_of(workload))
    return f"{names} lets" if names else "no budget keeps a drain from letting"


WORKLOAD_RULES: tuple[Callable[[Declared], Iterator[Problem]], ...] = (
    without_a_budget, single_replica, rollout_below_budget, scaled_down_below_budget, quorum_at_risk, shard_at_risk,
)  # fmt: skip
