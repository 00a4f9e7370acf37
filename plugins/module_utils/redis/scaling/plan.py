# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a survey and a wish to all acts of a scaling. What is so already appears in no plan.

Nothing is noted anywhere but in the servers, so the plan that is made after a kill is the rest of the plan before it.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..nodes import Address
from ..plan import missing_meetings
from ..slots import format_slots
from .balance import MEMORY_EVENLY, ONLY_NEEDED, Move, balance_slots, balance_weights
from .holding import settings_to_give_back
from .members import Members
from .obstacles import check_members, check_memory, check_shape, dataset
from .open_slots import Counts, Repairs, find_repairs
from .shape import Shape, choose_shape

DATASET_IS_OFF_BY = 2**20  # bytes: what a node without a key calls its dataset, half of it and more

WORDS = {
    "finish": "slots {slots} of {node} go on to {target}",
    "close": "{node} has slots {slots} open no more",
    "gather": "keys in slots {slots} on {node} go back to {target}",
    "promote": "{node} takes the place of {target}",
    "empty": "{node}, a replica, becomes a master without slots",
    "join": "{node} joins the cluster",
    "meet": "{node} gets to know {target} again",
    "move": "slots {slots} of {node} move to {target}",
    "follow": "{node} replicates {target}",
    "leave": "{node} leaves the cluster",
    "forget": "the node {node}, which is gone, is forgotten",
    "restore": "{node} gets the settings back that it had before a run that was cut off",
}


@dataclass(frozen=True)
class ScalePlan:
    """The acts, nodes by their ids but for `meetings` and `restored`.

    joining: nodes outside the cluster, those of `cleared` with slots of their own. leaving: living members that are
    reset; gone: dead ones, and ghosts. restored: settings that a run which was cut off took.
    """

    members: Members
    repairs: Repairs = Repairs()
    shape: Shape = Shape()
    cleared: tuple[str, ...] = ()
    joining: tuple[str, ...] = ()
    meetings: tuple[tuple[Address, Address], ...] = ()
    moves: tuple[Move, ...] = ()
    leaving: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    restored: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)

    @property
    def acts(self) -> bool:
        """Whether more is to be done than to give settings back."""
        shape = self.shape
        changes = (self.repairs, shape.heirs, shape.emptied, shape.following, self.joining, self.meetings)
        return any(changes) or bool(self.moves or self.leaving or self.gone)

    def __bool__(self) -> bool:
        return self.acts or bool(self.restored)

    @property
    def moved_slots(self) -> int:
        return sum(len(move.slots) for move in (*self.repairs.forward, *self.moves))

    def steps(self) -> list[dict[str, Any]]:
        """The acts as data: {action, node, target and slots where they belong to it}."""
        name, shape, repairs = self.members.name, self.shape, self.repairs

        def moving(action: str, moves: tuple[Move, ...]) -> list[dict[str, Any]]:
            pairs = sorted((name(move.source), name(move.target), format_slots(move.slots)) for move in moves)
            return [{"action": action, "node": a, "target": b, "slots": slots} for a, b, slots in pairs]

        steps = moving("finish", repairs.forward)
        closed = sorted((name(id), format_slots(slots)) for id, slots in repairs.closed.items())
        steps += [{"action": "close", "node": node, "slots": slots} for node, slots in closed]
        steps += moving("gather", repairs.gathered)
        steps += [{"action": "promote", "node": name(new), "target": name(old)} for old, new in shape.heirs.items()]
        steps += [{"action": "empty", "node": name(id)} for id in shape.emptied]
        steps += [{"action": "join", "node": name(id)} for id in self.joining]
        new = {self.members.nodes[id].address for id in self.joining}
        steps += [
            {"action": "meet", "node": str(one), "target": str(other)}
            for one, other in self.meetings
            if not {one, other} & new
        ]
        steps += moving("move", self.moves)
        steps += [{"action": "follow", "node": name(id), "target": name(m)} for id, m in shape.following.items()]
        steps += [{"action": "leave", "node": name(id)} for id in self.leaving]
        steps += [{"action": "forget", "node": name(id)} for id in self.gone]
        return steps + [{"action": "restore", "node": str(address)} for address in self.restored]

    def lines(self) -> list[str]:
        """The acts in words."""
        return [WORDS[step["action"]].format(**step) for step in self.steps()]


def make_scale_plan(members: Members, keys: Counts, slot_keys: Counts | None = None) -> ScalePlan:
    """The acts that lead to the wish.

    Args:
        members: with the survey behind them.
        keys: as `find_repairs` wants them.
        slot_keys: by master, the keys in each of its slots; only where memory is to be balanced.

    Raises Refused with all reasons, Unsettled where they may be gone in some seconds.
    """
    check_members(members)
    repairs = find_repairs(members.topology, keys)
    owned = _owned_after(members, repairs)
    shape = choose_shape(members, owned)
    check_shape(members, shape)
    owned = {shape.heirs.get(id, id): slots for id, slots in owned.items()}
    weights = _weights(members, slot_keys) if members.wish.balance == MEMORY_EVENLY else None
    moves = _moves(members, owned, shape, weights)
    check_memory(members, _by_address_of_today(moves, shape), weights)
    strangers = {report.id: report for report in members.topology.strangers if report.listed}
    sources = [node.report for id, node in members.leaving.items() if node.report and (node.slots or owned.get(id))]
    dead = [id for id, node in members.leaving.items() if not node.report]
    ghosts = [node.id for node in members.topology.ghosts]
    return ScalePlan(
        members,
        repairs,
        shape,
        cleared=tuple(id for id, report in strangers.items() if report.view.myself.slots),
        joining=tuple(sorted(strangers, key=lambda id: strangers[id].address)),
        meetings=missing_meetings([*(node.report for node in members.wanted.values()), *sources]),
        moves=tuple(moves),
        leaving=tuple(id for id, node in members.leaving.items() if node.report),
        gone=tuple(dict.fromkeys((*dead, *ghosts))),
        restored=settings_to_give_back(members),
    )


def _owned_after(members: Members, repairs: Repairs) -> dict[str, frozenset[int]]:
    owned = {id: node.slots for id, node in members.topology.nodes.items() if not node.is_replica}
    for move in repairs.forward:
        owned[move.source] -= move.slots
        owned[move.target] |= move.slots
    return owned


def _moves(
    members: Members, owned: Mapping[str, frozenset[int]], shape: Shape, weights: Mapping[int, float] | None
) -> list[Move]:
    wish = members.wish
    if weights:
        return balance_weights(owned, shape.masters, weights, wish.tolerance, DATASET_IS_OFF_BY)
    return balance_slots(owned, shape.masters, wish.tolerance, wish.balance == ONLY_NEEDED)


def _weights(members: Members, slot_keys: Counts | None) -> dict[int, float]:
    """Bytes that the keys of each slot take, and one more, so that empty slots are shared out too."""
    weights: dict[int, float] = {}
    for id, counts in (slot_keys or {}).items():
        report = members.nodes[id].report
        bytes_each = dataset(report) / max(1, report.keys)
        weights.update({slot: 1 + counts.get(slot, 0) * bytes_each for slot in members.nodes[id].slots})
    return weights


def _by_address_of_today(moves: list[Move], shape: Shape) -> list[Move]:
    """The moves with leaving masters in the place of their heirs, which own nothing yet."""
    before = {new: old for old, new in shape.heirs.items()}
    return [Move(before.get(move.source, move.source), move.target, move.slots) for move in moves]
