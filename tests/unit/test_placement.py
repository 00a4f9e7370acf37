"""Which nodes become masters, and which master each replica follows."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from unit.core import placement

Place = placement.Place
hosts = st.lists(st.integers(1, 5), min_size=1, max_size=6)


def places(sizes: list[int], zones: str = "") -> list[Place]:
    """Nodes of hosts with so many each; zones is a letter a host."""
    return [
        Place(f"{host}:{i}", str(host), zones[host] if zones else "")
        for host, size in enumerate(sizes)
        for i in range(size)
    ]


def place_all(nodes: list[Place], replicas: int) -> tuple[list[Place], dict[str, str]]:
    """Masters, and who follows whom, for nodes of which none has a role yet."""
    masters = placement.choose_masters(nodes, len(nodes) // (replicas + 1), replicas)
    free = [node for node in nodes if node not in masters]
    return masters, placement.match_replicas(masters, free, {})


def can_be_parted(sizes: list[int], replicas: int) -> bool:
    """Whether any choice of masters lets every replica stand in another domain than its master.

    Replicas of one domain need room at the masters of the others, masters of one domain need replicas
    out of the others; where both hold for every domain, a placement exists (Hall), since replicas of two
    domains together may go to every master. Replicas that are left over go to different masters.
    """
    count = sum(sizes) // (replicas + 1)
    spare = sum(sizes) - count * (replicas + 1)
    return any(
        sum(masters) == count
        and all(
            size - here <= replicas * (count - here) + min(spare, count - here)
            and replicas * here <= sum(sizes) - count - (size - here)
            for size, here in zip(sizes, masters)
        )
        for masters in product(*(range(min(size, count) + 1) for size in sizes))
    )


def beside(nodes: list[Place], following: dict[str, str], domain: str) -> list[tuple[str, str]]:
    return placement.neighbours(
        following, {node.name: node for node in nodes}, lambda place: getattr(place, domain)
    )


@given(hosts, st.integers(0, 3))
def test_every_node_is_placed_once_and_every_master_gets_its_replicas(
    sizes: list[int], replicas: int
) -> None:
    assume(sum(sizes) >= 3 * (replicas + 1))
    nodes = places(sizes)
    masters, following = place_all(nodes, replicas)
    names = [master.name for master in masters]
    assert sorted([*names, *following]) == sorted(node.name for node in nodes)
    counts = Counter({name: 0 for name in names}) + Counter()
    counts.update(following.values())
    assert set(following.values()) <= set(names)
    per_master = [counts[name] for name in names]
    assert min(per_master) >= replicas
    if sum(sizes) % (replicas + 1) <= len(masters):
        assert max(per_master) - min(per_master) <= 1


@settings(max_examples=200)
@given(hosts, st.integers(1, 3))
@example([5, 5, 5], 3)
def test_no_replica_beside_its_master_where_hosts_allow_it(sizes: list[int], replicas: int) -> None:
    assume(sum(sizes) >= 3 * (replicas + 1) and can_be_parted(sizes, replicas))
    nodes = places(sizes)
    assert not beside(nodes, place_all(nodes, replicas)[1], "host")


def test_a_host_with_most_of_the_nodes_gets_no_master() -> None:
    """Its six replicas need all the room that three masters elsewhere have."""
    nodes = places([6, 1, 1, 1])
    masters, following = place_all(nodes, 2)
    assert {master.host for master in masters} == {"1", "2", "3"}
    assert not beside(nodes, following, "host")


@settings(max_examples=200)
@given(hosts, st.text("abc", min_size=6, max_size=6))
def test_no_replica_in_its_masters_zone_where_zones_allow_it(sizes: list[int], zones: str) -> None:
    """With one replica a master. With more, masters would have to crowd in one zone, which is worse."""
    per_zone = [sum(size for size, zone in zip(sizes, zones) if zone == name) for name in "abc"]
    assume(sum(sizes) >= 6 and can_be_parted(per_zone, 1))
    nodes = places(sizes, zones)
    assert not beside(nodes, place_all(nodes, 1)[1], "zone")


@settings(max_examples=200)
@given(hosts, st.integers(1, 2), st.text("ab", min_size=6, max_size=6))
def test_zones_never_cost_the_parting_of_hosts(sizes: list[int], replicas: int, zones: str) -> None:
    """A replica beside its master on one host is worse than one in its zone."""
    assume(sum(sizes) >= 3 * (replicas + 1) and can_be_parted(sizes, replicas))
    nodes = places(sizes, zones)
    assert not beside(nodes, place_all(nodes, replicas)[1], "host")


@given(st.integers(1, 8), st.integers(1, 4), st.integers(0, 2))
def test_equal_hosts_get_equally_many_masters(count: int, size: int, replicas: int) -> None:
    assume(count * size >= 3 * (replicas + 1))
    masters = place_all(places([size] * count), replicas)[0]
    per_host = Counter(master.host for master in masters)
    assert max(per_host.values()) - min(per_host[str(host)] for host in range(count)) <= 1


@pytest.mark.parametrize(("sizes", "zones"), [([2, 2, 2], "abc"), ([2] * 6, "aabbcc"), ([2] * 6, "abcabc")])
def test_equal_zones_get_equally_many_masters(sizes: list[int], zones: str) -> None:
    masters, following = place_all(places(sizes, zones), 1)
    assert set(Counter(master.zone for master in masters).values()) == {len(sizes) // 3}
    assert not beside(places(sizes, zones), following, "zone")


def test_new_masters_go_where_none_are() -> None:
    first, *free = places([2, 2, 2])
    chosen = placement.choose_masters(free, 2, 1, [first])
    assert {place.host for place in chosen} == {"1", "2"}


def test_siblings_are_parted_where_that_costs_nothing() -> None:
    nodes = places([3, 3, 3])
    following = place_all(nodes, 2)[1]
    homes = {node.name: node.host for node in nodes}
    for master in set(following.values()):
        replicas = [homes[name] for name, followed in following.items() if followed == master]
        assert len({*replicas, homes[master]}) == 3


# --- joining a running cluster -------------------------------------------------------------------


def running(counts: list[int]) -> tuple[list[Place], dict[str, list[Place]]]:
    """A master on each host, and so many replicas of it on the next one."""
    masters = [Place(f"m{i}", str(i)) for i in range(len(counts))]
    present = {
        f"m{i}": [Place(f"r{i}.{n}", str((i + 1) % len(counts))) for n in range(count)]
        for i, count in enumerate(counts)
    }
    return masters, present


@given(st.lists(st.integers(0, 3), min_size=3, max_size=5), st.integers(0, 8), st.integers(1, 3))
def test_new_nodes_go_where_replicas_are_missing_most(counts: list[int], new: int, replicas: int) -> None:
    """Every new node adds to a master that has as few as any; new hosts, so that no host is in the way."""
    masters, present = running(counts)
    free = [Place(f"n{i}", f"new{i}") for i in range(new)]
    following = placement.match_replicas(masters, free, present)
    assert set(following) == {place.name for place in free}
    gained = Counter(following.values())
    after = {f"m{i}": count + gained[f"m{i}"] for i, count in enumerate(counts)}
    for name, number in gained.items():
        assert number == 0 or after[name] - 1 <= min(after.values())


@given(st.integers(3, 5), st.integers(1, 6), st.integers(2, 3), st.data())
def test_no_master_gets_a_second_replica_before_each_has_one(
    count: int, new: int, replicas: int, data: st.DataObject
) -> None:
    """Not even where the new nodes stand on the hosts of masters: a replica beside is better than none."""
    masters, present = running([0] * count)
    free = [Place(f"n{i}", str(data.draw(st.integers(0, count - 1)))) for i in range(new)]
    gained = Counter(placement.match_replicas(masters, free, present).values())
    numbers = [gained[master.name] for master in masters]
    assert max(numbers) - min(numbers) <= 1


def test_seats_that_are_taken_stay_taken() -> None:
    masters, present = running([1, 1, 0])
    assert placement.match_replicas(masters, [Place("n", "2")], present) == {"n": "m2"}
