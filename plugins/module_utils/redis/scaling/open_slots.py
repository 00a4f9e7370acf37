# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is to be done about open slots, and about keys that are not where their slot is: no key may be lost.

A slot is open when its owner says that it migrates to another node, or another node says that it imports it. Clients
ask the owner first. Only while that migrates the slot are they sent on, for keys that it has not: so where a key is on
both sides, the owner's copy counts; and where keys went, the slot must follow, for until then no client may miss them.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..topology import Node, Topology
from .balance import Move

Counts = Mapping[str, Mapping[int, int]]  # by node id and slot, how many keys: more than none


@dataclass(frozen=True)
class Repairs:
    """In their order. Node ids everywhere.

    forward: slots that go on to where keys of them went; the owner's copies count.
    closed: slots that nodes no longer take for open.
    gathered: keys that go to the owner of their slot, whose copies count; the slots stay.
    """

    forward: tuple[Move, ...] = ()
    closed: Mapping[str, frozenset[int]] = field(default_factory=dict)
    gathered: tuple[Move, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.forward or self.gathered or self.closed)

    @property
    def slots(self) -> frozenset[int]:
        moved = (move.slots for move in (*self.forward, *self.gathered))
        return frozenset().union(*moved, *self.closed.values())


def open_slots_of(topology: Topology) -> frozenset[int]:
    """All slots that a living master takes for open."""
    own = [node.report.view.myself for node in living_masters(topology)]
    return frozenset(slot for seen in own for slot, other in (*seen.migrating, *seen.importing))


def living_masters(topology: Topology) -> list[Node]:
    return [node for node in topology.nodes.values() if node.report and not node.is_replica]


def find_repairs(topology: Topology, keys: Counts) -> Repairs:
    """What makes every slot whole again. Slots without a single living owner are left alone.

    `keys` are those of open slots on every living master, and of any slot on masters that own none.
    """
    forward: dict[tuple[str, str], set[int]] = {}
    gathered: dict[tuple[str, str], set[int]] = {}
    closed: dict[str, set[int]] = {}
    masters = living_masters(topology)
    owners = {slot: node for node in masters for slot in node.slots}
    flags = {node.id: _flags(node) for node in masters}
    touched = open_slots_of(topology).union(*(slots for slots in keys.values()))
    for slot in sorted(touched - topology.disputed):
        owner = owners.get(slot)
        if owner is None:
            continue
        holders = {node.id for node in masters if node is not owner and keys.get(node.id, {}).get(slot)}
        migrating = dict(owner.report.view.myself.migrating).get(slot, "")
        heir = _successor(topology, migrating)
        final = heir if heir in holders else owner.id
        if final != owner.id:
            forward.setdefault((owner.id, final), set()).add(slot)
        for id in holders - {final}:
            gathered.setdefault((id, final), set()).add(slot)
        busy = holders | {owner.id, final} if final != owner.id else holders
        for id, open_here in flags.items():
            if slot in open_here and id not in busy:
                closed.setdefault(id, set()).add(slot)
    return Repairs(_moves(forward), {id: frozenset(slots) for id, slots in closed.items()}, _moves(gathered))


def _flags(node: Node) -> frozenset[int]:
    own = node.report.view.myself
    return frozenset(slot for slot, other in (*own.migrating, *own.importing))


def _successor(topology: Topology, id: str) -> str:
    """The node itself, or its master if it is a replica by now."""
    node = topology.nodes.get(id)
    return node.master_id if node and node.is_replica else id


def _moves(pairs: Mapping[tuple[str, str], set[int]]) -> tuple[Move, ...]:
    return tuple(Move(source, target, frozenset(slots)) for (source, target), slots in pairs.items())
