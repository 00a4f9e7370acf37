# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks the API for evictions, and judges its answers as the rehearsal judges them."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from ..budgets.budgets import Verdict
from ..budgets.eligibility import Blocker
from ..budgets.obstacles import why_it_stays
from ..budgets.pods import Pod
from ..budgets.world import World
from ..client import Client
from ..errors import ApiRefusal
from ..observing import Observation

_GONE = Verdict(201, "it had gone by itself")


def ask_eviction(client: Client, pod: Pod, seen: Observation, grace_period: Optional[int]) -> Verdict:
    """Evict a pod; ApiRefusal for what is neither a grant nor a matter of budgets or of time."""
    names = tuple(budget.full_name for budget in seen.cluster.budgets if budget.selects(pod))
    try:
        done = client.evict(pod.name, pod.namespace, uid=seen.uid(pod), grace_period=grace_period)
        return Verdict(201, budgets=names) if done else _GONE
    except ApiRefusal as refusal:
        if refusal.status == 409 and _is_another(client, pod, seen):
            return _GONE
        if refusal.status == 500 and len(names) > 1:
            return Verdict(500, f"{' and '.join(names)} both select it, which no eviction can satisfy", names)
        if refusal.status in (409, 429) or refusal.status >= 500 or _is_ending(refusal):
            return Verdict(429, _words(refusal), names)
        raise


def is_own(verdict: Verdict) -> bool:
    """Whether a grant was ours, and has changed something."""
    return verdict.granted and verdict is not _GONE


def make_sure_of_access(client: Client, pods: Iterable[Pod], seen: Observation) -> None:
    """Rehearse one eviction in each namespace, before the first is asked for; ApiRefusal if it is forbidden."""
    for pod in {pod.namespace: pod for pod in pods}.values():
        try:
            client.evict(pod.name, pod.namespace, uid=seen.uid(pod), dry_run=True)
        except ApiRefusal as refusal:
            if refusal.status < 500 and refusal.status not in (409, 429):
                raise


def blocker_of(pod: Pod, verdict: Verdict, seen: Observation) -> Blocker:
    """Why a pod is still on its node when time is over."""
    if verdict.budgets:
        return why_it_stays(pod, verdict, World(seen.cluster, ()))
    message = f"{pod.full_name} stays: {verdict.reason}"
    return Blocker("refused", pod.full_name, pod.node, message, "see what the API server says")


def _is_another(client: Client, pod: Pod, seen: Observation) -> bool:
    """Whether the pod of this name is not the one that was seen, as of a StatefulSet that has made it anew."""
    there = client.get("Pod", pod.name, pod.namespace)
    return there is None or there["metadata"].get("uid") != seen.uid(pod)


def _is_ending(refusal: ApiRefusal) -> bool:
    """Whether the whole namespace goes, and the pod with it."""
    return refusal.status == 403 and any(one.get("reason") == "NamespaceTerminating" for one in refusal.causes)


def _words(refusal: ApiRefusal) -> str:
    return "; ".join(one["message"] for one in refusal.causes if one.get("message")) or refusal.message
