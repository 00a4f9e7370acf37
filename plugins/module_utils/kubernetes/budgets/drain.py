# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A drain: how it goes about it, and how it would go."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import KubernetesFailure
from .budgets import Verdict
from .eligibility import Blocker, Permissions, Selection, select_pods
from .obstacles import why_it_stays
from .pods import Pod
from .world import Cluster, Succession, World


@dataclass(frozen=True)
class Attempt:
    """One eviction that was asked for, and the answer."""

    round: int
    pod: Pod
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        return {
            "round": self.round,
            "pod": self.pod.full_name,
            "node": self.pod.node,
            "granted": self.verdict.granted,
            "budgets": list(self.verdict.budgets),
            "reason": self.verdict.reason,
        }


def work_off(
    pods: Iterable[Pod], evict: Callable[[Pod], Verdict], settle: Callable[[int], bool], first_round: int = 1
) -> list[Attempt]:
    """Evict pods in rounds, the rehearsal and the real drain alike: so the one tells what the other does.

    In a round every pod that is left is tried once, in the order given. What a budget refuses is tried again in
    the next; what no waiting mends is not.

    Args:
        settle: called with the number of each round after it: waits until what was evicted is gone and what comes
            in its place is Ready, and says whether another round can do more.
    """
    attempts: list[Attempt] = []
    left, number = list(pods), first_round
    while True:
        tried = [Attempt(number, pod, evict(pod)) for pod in left]
        attempts += tried
        left = [attempt.pod for attempt in tried if attempt.verdict.may_be_retried]
        if not settle(number) or not left:
            return attempts
        number += 1


@dataclass(frozen=True)
class Move:
    """An eviction that was granted, and what came of it.

    Args:
        after: the pods that had to be Ready before a budget granted it; none when it did at once.
        succession: what came in its place.
    """

    attempt: Attempt
    after: tuple[str, ...]
    succession: Succession

    def as_dict(self) -> dict[str, Any]:
        successor = self.succession.successor
        return {
            "round": self.attempt.round,
            "pod": self.attempt.pod.full_name,
            "node": self.attempt.pod.node,
            "budgets": list(self.attempt.verdict.budgets),
            "after": list(self.after),
            "successor": successor.full_name if successor else "",
            "successor_node": successor.node if successor else "",
            "reason": self.succession.reason,
        }


@dataclass(frozen=True)
class Rehearsal:
    """How a drain would go.

    Args:
        moves: evictions that are granted, in their order.
        refusals: those that are not, at the time.
        drained: nodes on which nothing is left that a drain evicts.
        left: pods that stay, as they should: of DaemonSets, and static ones.
        blockers: why the drain does not come to its end; empty when it does.
        homeless: what is in the place of pods that have gone, and on no node afterwards.
        pods: all pods afterwards.
    """

    moves: tuple[Move, ...]
    refusals: tuple[Attempt, ...]
    drained: tuple[str, ...]
    left: tuple[Pod, ...]
    blockers: tuple[Blocker, ...]
    homeless: tuple[Succession, ...]
    pods: tuple[Pod, ...]

    @property
    def rounds(self) -> int:
        """After so many nothing more is evicted."""
        return max((move.attempt.round for move in self.moves), default=0)

    @property
    def lost(self) -> tuple[Pod, ...]:
        """What ran and is not made anew."""
        formers = [move.succession for move in self.moves]
        return tuple(one.former for one in formers if one.successor is None and not one.former.finished)

    def as_dict(self) -> dict[str, Any]:
        return {
            "finished": not self.blockers,
            "drained": list(self.drained),
            "rounds": self.rounds,
            "evictions": [move.as_dict() for move in self.moves],
            "refusals": [attempt.as_dict() for attempt in self.refusals],
            "blockers": [blocker.as_dict() for blocker in self.blockers],
            "left": [pod.full_name for pod in self.left],
            "lost": [pod.full_name for pod in self.lost],
            "homeless": [
                {"pod": one.successor.full_name, "reason": one.reason} for one in self.homeless if one.successor
            ],
        }


def rehearse_drain(cluster: Cluster, nodes: Sequence[str], permissions: Permissions = Permissions()) -> Rehearsal:
    """How a drain of these nodes would go: all cordoned first, then one drained after the other.

    It stops at the first node that cannot be drained, and does not begin while there are pods that it may not evict.
    KubernetesFailure when there is no such node.
    """
    known = [node.name for node in cluster.nodes]
    for name in nodes:
        if name not in known:
            raise KubernetesFailure(f"nodes: there is no {name!r}; there are {', '.join(known)}")
    selections = {name: select_pods(name, cluster.pods, permissions) for name in nodes}
    left = tuple(pod for selection in selections.values() for pod in selection.left)
    refused = tuple(blocker for selection in selections.values() for blocker in selection.refused)
    if refused:
        return Rehearsal((), (), (), left, refused, (), tuple(sorted(cluster.pods, key=lambda pod: pod.key)))
    return _Rehearsing(World(cluster, nodes)).drain(selections, left)


class _Rehearsing:
    def __init__(self, world: World) -> None:
        self._world = world
        self._attempts: list[Attempt] = []
        # By round: what was Ready after it and was not before.
        self._arrivals: dict[int, list[Pod]] = {}

    def drain(self, selections: dict[str, Selection], left: tuple[Pod, ...]) -> Rehearsal:
        drained: list[str] = []
        blockers: list[Blocker] = []
        for node, selection in selections.items():
            first = self._attempts[-1].round + 1 if self._attempts else 1
            attempts = work_off(selection.evicted, self._world.evict, self._settle, first)
            self._attempts += attempts
            granted = {attempt.pod.key for attempt in attempts if attempt.verdict.granted}
            last = {attempt.pod.key: attempt for attempt in attempts if attempt.pod.key not in granted}
            blockers += [why_it_stays(attempt.pod, attempt.verdict, self._world) for attempt in last.values()]
            if blockers:
                break
            drained.append(node)
        refusals = tuple(attempt for attempt in self._attempts if not attempt.verdict.granted)
        homeless = tuple(one for one in self._world.successions.values() if one.reason)
        moves, pods = tuple(self._moves()), tuple(self._world.pods)
        return Rehearsal(moves, refusals, tuple(drained), left, tuple(blockers), homeless, pods)

    def _settle(self, number: int) -> bool:
        before = self._world.pods
        self._arrivals[number] = self._world.settle()
        return self._world.pods != before

    def _moves(self) -> list[Move]:
        moves = []
        refused = {attempt.pod.key for attempt in self._attempts if not attempt.verdict.granted}
        for attempt in self._attempts:
            if attempt.verdict.granted:
                after = self._awaited(attempt) if attempt.pod.key in refused else ()
                moves.append(Move(attempt, after, self._world.successions[attempt.pod.key]))
        return moves

    def _awaited(self, attempt: Attempt) -> tuple[str, ...]:
        arrived = self._arrivals.get(attempt.round - 1, [])
        selecting = [budget for budget in self._world.budgets if budget.full_name in attempt.verdict.budgets]
        return tuple(pod.full_name for pod in arrived if any(budget.selects(pod) for budget in selecting))
