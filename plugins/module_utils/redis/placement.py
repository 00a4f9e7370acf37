# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which nodes become masters, and which master each replica follows.

A replica beside its master dies with it. So replicas are matched with masters as a bipartite graph:
first over all pairs in different zones, then over those on different hosts, then over the rest. A
maximum matching finds a placement without neighbours wherever one exists for the masters given, and
masters are chosen so that one exists wherever the hosts allow it.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Place(NamedTuple):
    """A node, by any name, with the host and zone (empty for none) that it stands in."""

    name: str
    host: str
    zone: str = ""


def choose_masters(
    free: Sequence[Place], count: int, replicas: int, masters: Sequence[Place] = ()
) -> list[Place]:
    """`count` masters out of `free`, spread over zones, then hosts, beside the `masters` there are.

    A host that holds many nodes gets fewer masters, when otherwise its replicas would outnumber the
    places that the masters of other hosts offer.
    """
    chosen: list[Place] = []
    total = count + len(masters)
    most_replicas = max(replicas, -(-(len(free) - count) // total))
    by_host = Counter(place.host for place in (*free, *masters))
    while len(chosen) < count:
        zones = Counter(place.zone for place in (*masters, *chosen))
        hosts = Counter(place.host for place in (*masters, *chosen))
        left = [place for place in free if place not in chosen]

        def cost(place: Place) -> tuple[bool, int, int, int, int]:
            crowded = hosts[place.host] >= _most_masters(by_host[place.host], total, most_replicas)
            waiting = sum(other.host == place.host for other in left)
            return crowded, zones[place.zone], hosts[place.host], -waiting, free.index(place)

        chosen.append(min(left, key=cost))
    return chosen


def _most_masters(nodes: int, masters: int, replicas: int) -> int:
    """How many of a host's nodes may be masters so that its other nodes find masters elsewhere.

    With m masters here, nodes - m replicas need room at the masters - m others: nodes - m <=
    replicas * (masters - m). For one replica a master this does not depend on m.
    """
    if replicas < 2:
        return nodes
    return max(0, (replicas * masters - nodes) // (replicas - 1))


def match_replicas(
    masters: Sequence[Place], free: Sequence[Place], present: Mapping[str, Sequence[Place]]
) -> dict[str, str]:
    """For every free node the name of the master to follow.

    All masters get their first replica before any gets a second. `present` has the replicas that a
    master (by name) has already; they stay.
    """
    seats: list[Place] = []
    seat_of: dict[int, int] = {}
    number = 0
    while len(seat_of) < len(free):
        seats += [master for master in masters if number >= len(present.get(master.name, ()))]
        _seat(seats, free, seat_of, present)
        number += 1
    following = {place.name: seats[seat_of[i]] for i, place in enumerate(free)}
    _part_siblings(following, free, present)
    return {name: master.name for name, master in following.items()}


def _closeness(one: Place, other: Place) -> int:
    """0 for nodes that no host and no zone joins, 1 in one zone, 2 on one host."""
    if one.host == other.host:
        return 2
    return 1 if one.zone and one.zone == other.zone else 0


def _seat(
    seats: Sequence[Place], free: Sequence[Place], seat_of: dict[int, int], present: Mapping[str, Sequence[Place]]
) -> None:
    """Find nodes for the seats (beside the master each names) by augmenting paths (Kuhn), over growing
    sets of edges: the distant ones first. A seat once taken stays taken, maybe by another node."""

    def seek(seat: int, allowed: int, seen: set[int]) -> bool:
        near = [i for i, p in enumerate(free) if i not in seen and _closeness(seats[seat], p) <= allowed]
        siblings = [free[i] for i, taken in seat_of.items() if seats[taken] == seats[seat]]
        siblings += present.get(seats[seat].name, ())

        def cost(i: int) -> tuple[bool, int]:
            # Nodes without a seat first: nobody need move for them. Then those apart from the siblings.
            return i in seat_of, sum(_closeness(free[i], sibling) for sibling in siblings)

        for i in sorted(near, key=cost):
            if i not in seen:
                seen.add(i)
                if i not in seat_of or seek(seat_of[i], allowed, seen):
                    seat_of[i] = seat
                    return True
        return False

    for allowed in (0, 1, 2):
        for seat in range(len(seats)):
            if seat not in seat_of.values():
                seek(seat, allowed, set())


def _part_siblings(
    following: dict[str, Place], free: Sequence[Place], present: Mapping[str, Sequence[Place]]
) -> None:
    """Exchange replicas between shards while that parts neighbours, masters' neighbours foremost."""

    def cost(place: Place, master: Place, leaving: Place) -> int:
        siblings = [p for p in free if following[p.name] == master and p not in (place, leaving)]
        siblings += present.get(master.name, ())
        return 1000 * _closeness(place, master) + sum(_closeness(place, other) for other in siblings)

    improved = len(free) + sum(map(len, present.values())) > len(set(following.values()))
    while improved:
        improved = False
        for i, one in enumerate(free):
            for other in free[i + 1 :]:
                here, there = following[one.name], following[other.name]
                if here == there:
                    continue
                now = cost(one, here, one) + cost(other, there, other)
                if cost(one, there, other) + cost(other, here, one) < now:
                    following[one.name], following[other.name] = there, here
                    improved = True


def neighbours(
    following: Mapping[str, str], places: Mapping[str, Place], domain: Callable[[Place], str]
) -> list[tuple[str, str]]:
    """The (replica, master) pairs that share a domain, such as `lambda place: place.host`."""
    return sorted(
        (replica, master)
        for replica, master in following.items()
        if domain(places[replica]) and domain(places[replica]) == domain(places[master])
    )
