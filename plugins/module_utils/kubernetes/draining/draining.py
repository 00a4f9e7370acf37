# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A drain: rehearsed, refused when it would not come to its end, else done, and put right when it fails."""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ..budgets.drain import Rehearsal, rehearse_drain
from ..budgets.eligibility import Blocker, select_pods
from ..client import Client
from ..errors import KubernetesFailure
from ..observing import Observation, observe
from .cordons import known_nodes, set_cordon
from .evictions import make_sure_of_access
from .orders import Order
from .running import Running


def drain_nodes(
    client: Client,
    order: Order,
    check_mode: bool = False,
    pause: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """What a module answers; KubernetesFailure, with as much of it as there is, when the nodes are not drained."""
    began = now()
    seen = observe(client)
    nodes = known_nodes(seen.cluster.nodes, order.nodes)
    rehearsal = rehearse_drain(seen.cluster, order.nodes, order.permissions)
    closing = [node.name for node in nodes if not node.cordoned]
    _refuse_if_blocked(rehearsal, order)
    for name in closing:
        set_cordon(client, name, cordoned=True, dry_run=True)
    make_sure_of_access(client, _evicted(seen, order), seen)
    if check_mode:
        return _rehearsed(seen, rehearsal, order, closing)
    running = Running(client, order, seen, pause, now)
    with running.put_right_on_failure():
        running.cordon(closing)
        if closing:
            # Pods may have come until the nodes were closed.
            running.look()
            rehearsal = rehearse_drain(running.seen.cluster, order.nodes, order.permissions)
            _refuse_if_blocked(rehearsal, order)
        for name in order.nodes:
            running.drain(name)
    return {
        **running.answer(),
        "rehearsal": rehearsal.as_dict(),
        "diff": {"before": _state(seen, order), "after": _state(running.seen, order)},
        "elapsed": round(now() - began, 3),
    }


def _evicted(seen: Observation, order: Order) -> list[Any]:
    return [pod for name in order.nodes for pod in select_pods(name, seen.cluster.pods, order.permissions).evicted]


def _refuse_if_blocked(rehearsal: Rehearsal, order: Order) -> None:
    # What must not be touched mends itself by no waiting: the rehearsal has not even begun.
    if rehearsal.blockers and not (order.try_anyway and rehearsal.refusals):
        raise KubernetesFailure(
            f"nothing was evicted, as the drain would not come to its end: {told(rehearsal.blockers)}",
            changed=False,
            cordoned=[],
            uncordoned=[],
            evictions=[],
            blockers=[blocker.as_dict() for blocker in rehearsal.blockers],
            rehearsal=rehearsal.as_dict(),
        )


def told(blockers: Sequence[Blocker]) -> str:
    return "; ".join(f"{one.message} ({one.remedy})" for one in blockers)


def _rehearsed(seen: Observation, rehearsal: Rehearsal, order: Order, closing: Sequence[str]) -> dict[str, Any]:
    before = _state(seen, order)
    gone = {move.attempt.pod.full_name for move in rehearsal.moves}
    after = {
        name: {"cordoned": True, "pods": [pod for pod in state["pods"] if pod not in gone]}
        for name, state in before.items()
    }
    fields = ("round", "pod", "node", "budgets")
    return {
        "changed": bool(closing or rehearsal.moves),
        "cordoned": list(closing),
        "uncordoned": [],
        "evictions": [{name: move.as_dict()[name] for name in fields} for move in rehearsal.moves],
        "blockers": [blocker.as_dict() for blocker in rehearsal.blockers],
        "rehearsal": rehearsal.as_dict(),
        "diff": {"before": before, "after": after},
        "elapsed": 0.0,
    }


def _state(seen: Observation, order: Order) -> dict[str, Any]:
    """Nodes by name: whether each is cordoned, and the pods on it that a drain is about."""
    return {
        node.name: {
            "cordoned": node.cordoned,
            "pods": [
                pod.full_name
                for pod in sorted(seen.cluster.pods, key=lambda one: one.key)
                if pod.node == node.name and pod not in select_pods(node.name, [pod], order.permissions).left
            ],
        }
        for node in known_nodes(seen.cluster.nodes, order.nodes)
    }
