# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a pod is still on its node when a drain gives up, and what to do about it."""
from __future__ import annotations

from .budgets import ALWAYS_ALLOW, Budget, Status, Verdict
from .eligibility import Blocker
from .nodes import choose_node
from .pods import Pod
from .world import World


def why_it_stays(pod: Pod, verdict: Verdict, world: World) -> Blocker:
    """By the last answer to its eviction."""

    def blocker(code: str, message: str, remedy: str) -> Blocker:
        return Blocker(code, pod.full_name, pod.node, message, remedy, verdict.budgets)

    if len(verdict.budgets) > 1:
        remedy = f"change the selectors of {' and '.join(verdict.budgets)} so that only one selects it"
        return blocker("two_budgets", f"{pod.full_name} stays: {verdict.reason}", remedy)
    (budget,) = [one for one in world.budgets if one.full_name in verdict.budgets]
    code, cause, remedy = _cause(pod, budget, world.status(budget), world)
    return blocker(code, f"{pod.full_name} stays: {verdict.reason}{cause}", remedy)


def _cause(pod: Pod, budget: Budget, status: Status, world: World) -> tuple[str, str, str]:
    """A code, what follows the words of the refusal, and a remedy."""
    if status.failure:
        return "scale_unknown", "", f"give {budget.full_name} minAvailable as a number"
    if budget.bound == "no bound":
        return "budget_without_bound", "", f"give {budget.full_name} minAvailable or maxUnavailable"
    members = [one for one in world.pods if budget.selects(one) and one.active]
    if status.desired >= max(status.expected, len(members)):
        cause = f", and there are never more ({budget.bound} of {len(members)})"
        return "budget_zero", cause, f"add a replica, or let {budget.full_name} want fewer"
    for one in members:
        reason = "" if one.node else choose_node(one, world.nodes, world.pods)[1]
        if reason:
            remedy = f"add a node that takes {one.full_name}, or uncordon one"
            return "no_node_left", f"; no node takes {one.full_name}: {reason}", remedy
    unready = ", ".join(one.full_name for one in members if not one.ready)
    if unready:
        remedy = f"see why {unready} is not Ready"
        if not pod.ready and budget.unhealthy != ALWAYS_ALLOW:
            remedy += f"; unhealthyPodEvictionPolicy {ALWAYS_ALLOW} of {budget.full_name} would let it go"
        return "not_ready", f"; {unready} is not Ready", remedy
    return "replicas_missing", "; replicas of it are missing", "see why its controller makes no more pods"
