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
    by_host = Counter(place.host for place in (*free, *masters))
    while len(chosen) < count:
        zones = Counter(place.zone for place in (*masters, *chosen))
        hosts = Counter(place.host for place in (*masters, *chosen))
        left = [place for place in free if place not in chosen]

        def cost(place: Place) -> tuple[bool, int, int, int, int]:
            crowded = hosts[place.host] >= _most_masters(by_host[place.host], total, replicas)
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
    masters: Sequence[Place], free: Sequence[Place], replicas: int, present: Mapping[str, Sequence[Place]]
) -> dict[str, str]:
    """For every free node the name of the master to follow.

    Masters short of `replicas` are served first, nodes that are left go where fewest replicas are.
    `present` has the replicas that a master (by name) has already; they stay.
    """
    seats = [
        (master, number)
        for number in range(replicas)
        for master in masters
        if number >= len(present.get(master.name, ()))
    ]
    taken = _maximum_matching(seats, free)
    following = {free[i].name: seats[seat][0] for seat, i in taken.items()}
    _part_siblings(following, masters, free, present)
    for place in free:
        if place.name not in following:
            following[place.name] = _least_served(place, masters, following, present)
    return {name: master.name for name, master in following.items()}


def _closeness(one: Place, other: Place) -> int:
    """0 for nodes that no host and no zone joins, 1 in one zone, 2 on one host."""
    if one.host == other.host:
        return 2
    return 1 if one.zone and one.zone == other.zone else 0


def _maximum_matching(seats: Sequence[tuple[Place, int]], free: Sequence[Place]) -> dict[int, int]:
    """Seats to nodes by augmenting paths (Kuhn), over growing sets of edges: the distant ones first."""
    seat_of: dict[int, int] = {}

    def seek(seat: int, allowed: int, seen: set[int]) -> bool:
        near = [i for i, p in enumerate(free) if i not in seen and _closeness(seats[seat][0], p) <= allowed]
        # Nodes without a seat first: nobody need move for them.
        for i in sorted(near, key=lambda i: i in seat_of):
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
    return {seat: i for i, seat in seat_of.items()}


def _part_siblings(
    following: dict[str, Place],
    masters: Sequence[Place],
    free: Sequence[Place],
    present: Mapping[str, Sequence[Place]],
) -> None:
    """Exchange replicas between shards while that parts neighbours, masters' neighbours foremost."""
    shards = {master.name: [master, *present.get(master.name, ())] for master in masters}

    def cost(place: Place, master: Place, leaving: Place) -> int:
        siblings = [p for p in free if following.get(p.name) == master and p not in (place, leaving)]
        siblings += shards[master.name][1:]
        return 1000 * _closeness(place, master) + sum(_closeness(place, other) for other in siblings)

    seated = [place for place in free if place.name in following]
    improved = any(len(shard) > 2 for shard in shards.values()) or len(seated) > len(masters)
    while improved:
        improved = False
        for i, one in enumerate(seated):
            for other in seated[i + 1 :]:
                here, there = following[one.name], following[other.name]
                if here == there:
                    continue
                now = cost(one, here, one) + cost(other, there, other)
                if cost(one, there, other) + cost(other, here, one) < now:
                    following[one.name], following[other.name] = there, here
                    improved = True


def _least_served(
    place: Place, masters: Sequence[Place], following: Mapping[str, Place], present: Mapping[str, Sequence[Place]]
) -> Place:
    def cost(master: Place) -> tuple[int, int, int]:
        served = sum(other == master for other in following.values()) + len(present.get(master.name, ()))
        return served, _closeness(place, master), masters.index(master)

    return min(masters, key=cost)


def neighbours(
    following: Mapping[str, str], places: Mapping[str, Place], domain: Callable[[Place], str]
) -> list[tuple[str, str]]:
    """The (replica, master) pairs that share a domain, such as `lambda place: place.host`."""
    return sorted(
        (replica, master)
        for replica, master in following.items()
        if domain(places[replica]) and domain(places[replica]) == domain(places[master])
    )
