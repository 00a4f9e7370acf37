# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is a master in the end, and which replica follows which master."""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..placement import Place, choose_masters, match_replicas, neighbours
from ..topology import Node
from .members import Members


@dataclass(frozen=True)
class Shape:
    """Node ids everywhere.

    masters: those of the end. heirs: by leaving master, the replica that takes its place with all of its slots.
    emptied: replicas that become masters without slots first. following: nodes that get another master, or their first.
    """

    masters: tuple[str, ...] = ()
    heirs: Mapping[str, str] = field(default_factory=dict)
    emptied: tuple[str, ...] = ()
    following: Mapping[str, str] = field(default_factory=dict)


def choose_shape(members: Members, owned: Mapping[str, frozenset[int]]) -> Shape:
    """The shape that the wish asks for, nearest to what is there. `owned` are the slots once they are repaired."""
    count = len(members.wanted) // (members.wish.replicas + 1)
    staying = [id for id, slots in owned.items() if slots and id in members.wanted]
    heirs = _heirs(members, owned, count - len(staying))
    masters = [*staying, *heirs.values()]
    for _master in range(len(masters) - count):
        masters.remove(_least_missed(members, masters, owned))
    new = _new_masters(members, masters, owned, count - len(masters))
    emptied = tuple(id for id in new if members.nodes[id].is_replica)
    shape = Shape((*masters, *new), heirs, emptied)
    return Shape(shape.masters, heirs, emptied, _follow(members, shape))


def _heirs(members: Members, owned: Mapping[str, frozenset[int]], count: int) -> dict[str, str]:
    """Replicas that stay, in the place of their leaving masters: at most `count`, for the masters with most slots."""
    found: dict[str, str] = {}
    leaving = [id for id in members.leaving if owned.get(id) and members.leaving[id].alive]
    hosts = Counter(members.nodes[id].address.host for id, slots in owned.items() if slots and id in members.wanted)
    for id in sorted(leaving, key=lambda id: (-len(owned[id]), members.nodes[id].address)):
        fit = [node for node in members.topology.replicas_of(id) if node.id in members.wanted and node.report.link_up]
        if fit and len(found) < count:
            heir = min(fit, key=lambda node: (hosts[node.address.host], node.address))
            hosts[heir.address.host] += 1
            found[id] = heir.id
    return found


def _least_missed(members: Members, masters: list[str], owned: Mapping[str, frozenset[int]]) -> str:
    """A master of the host that has most of them; there the one with fewest slots."""
    hosts = Counter(members.place(id).host for id in masters)
    return min(
        masters, key=lambda id: (-hosts[members.place(id).host], len(owned.get(id, ())), members.nodes[id].address)
    )


def _new_masters(members: Members, masters: list[str], owned: Mapping[str, frozenset[int]], count: int) -> list[str]:
    """Nodes that follow nobody, then spare replicas, spread over zones and hosts."""
    if count <= 0:
        return []
    present = Counter(node.master_id for id, node in members.wanted.items() if node.is_replica)
    rest = [node for id, node in sorted(members.wanted.items()) if id not in masters]
    idle = [node for node in rest if not node.is_replica and not owned.get(node.id)]
    spare = [n for n in rest if n.is_replica and present[n.master_id] > members.wish.replicas]
    others = [node for node in rest if node.is_replica and node not in spare]
    chosen: list[str] = []
    for group in (idle, spare, others):
        free = [members.place(node.id) for node in sorted(group, key=lambda node: node.address)]
        taken = [members.place(id) for id in (*masters, *chosen)]
        wanted = min(count - len(chosen), len(free))
        chosen += [place.name for place in choose_masters(free, wanted, members.wish.replicas, taken)] if wanted else []
    return chosen


def _follow(members: Members, shape: Shape) -> dict[str, str]:
    """Of three ways to place replicas the one that leaves the fewest gaps and neighbours, then changes least."""
    masters = [members.place(id) for id in shape.masters]
    nodes = {id: node for id, node in sorted(members.wanted.items()) if id not in shape.masters}
    now = {id: _master_of(node, shape) for id, node in nodes.items()}
    ways = [_match(members, masters, kept) for kept in _ways_to_keep(members, masters, now)]
    for way in ways:
        _part_neighbours(members, way)
    best = min(ways, key=lambda way: (*misfits(members, way, shape.masters), sum(way[id] != now[id] for id in nodes)))
    return {id: master for id, master in best.items() if master != now[id]}


def _master_of(node: Node, shape: Shape) -> str:
    """Whom a node follows once leaving masters have their heirs; empty when that is no master of the end."""
    master = shape.heirs.get(node.master_id, node.master_id)
    return master if master in shape.masters else ""


def _ways_to_keep(members: Members, masters: list[Place], now: Mapping[str, str]) -> list[dict[str, str]]:
    """Who stays where: all that follow a master; only as many as needed, away from their master; nobody."""
    kept: dict[str, str] = {}
    counts: Counter[str] = Counter()
    places = {place.name: place for place in masters}
    for id, master in now.items():
        apart = master and not neighbours({id: master}, {**places, id: members.place(id)}, lambda place: place.host)
        if apart and counts[master] < members.wish.replicas:
            kept[id] = master
            counts[master] += 1
    return [{id: master for id, master in now.items() if master}, kept, {}]


def _match(members: Members, masters: list[Place], kept: Mapping[str, str]) -> dict[str, str]:
    """The master of every node that is none."""
    names = {place.name for place in masters}
    free = [members.place(id) for id in sorted(members.wanted) if id not in names and id not in kept]
    present: dict[str, list[Place]] = {}
    for id, master in kept.items():
        present.setdefault(master, []).append(members.place(id))
    return {**kept, **match_replicas(masters, free, present)}


def _part_neighbours(members: Members, following: dict[str, str]) -> None:
    """Exchange masters between replicas while that parts one from its master's host or zone."""
    places = {id: members.place(id) for id in (*following, *following.values())}

    def cost(replica: str, master: str) -> int:
        one, other = places[replica], places[master]
        return 2 * (one.host == other.host) + bool(one.zone and one.zone == other.zone)

    def gain(one: str, other: str) -> int:
        here, there = following[one], following[other]
        return cost(one, here) + cost(other, there) - cost(one, there) - cost(other, here)

    for one in [id for id, master in following.items() if cost(id, master)]:
        other = max(following, key=lambda other: (gain(one, other), other))
        if gain(one, other) > 0:
            following[one], following[other] = following[other], following[one]


def misfits(members: Members, following: Mapping[str, str], masters: tuple[str, ...]) -> tuple[int, int, int]:
    """How many replicas masters lack, stand on their master's host, and stand in its zone."""
    counts = Counter(following.values())
    gaps = sum(max(0, members.wish.replicas - counts[id]) for id in masters)
    places = {id: members.place(id) for id in (*following, *following.values())}
    zoned = all(place.zone for place in places.values())
    return (
        gaps,
        len(neighbours(following, places, lambda place: place.host)),
        len(neighbours(following, places, lambda place: place.zone)) if zoned else 0,
    )


def following_in_the_end(members: Members, shape: Shape) -> dict[str, str]:
    """By replica its master, changed or not."""
    rest = {id: _master_of(node, shape) for id, node in members.wanted.items() if id not in shape.masters}
    return {**rest, **shape.following}


def is_spare(members: Members, id: str, waiting: Mapping[str, str]) -> bool:
    """Whether a node can be sent to another master at once: its own has no slots, or keeps enough replicas.

    Those that are `waiting` to be sent away too do not count, unless they are the last to go.
    """
    node = members.nodes[id]
    if not node.is_replica or node.master_id not in members.masters:
        return True
    siblings = members.topology.replicas_of(node.master_id)
    staying = [s for s in siblings if s.id not in waiting and s.id in members.wanted and s.report.link_up]
    return len(staying) >= max(1, members.wish.replicas)
