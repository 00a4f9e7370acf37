# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which slots move from which master to which, so that all have their share: with the fewest moves.

A master is any name. The masters of the end need not own anything yet; owners that are not among them lose all.
"""
from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

SLOTS_EVENLY, MEMORY_EVENLY, ONLY_NEEDED = "slots", "memory", "none"
BALANCES = (SLOTS_EVENLY, MEMORY_EVENLY, ONLY_NEEDED)


class Move(NamedTuple):
    """Slots that go from one master to another."""

    source: str
    target: str
    slots: frozenset[int]


def balance_slots(
    owned: Mapping[str, frozenset[int]], masters: Sequence[str], tolerance: float = 0, only_needed: bool = False
) -> list[Move]:
    """Moves after which the masters' numbers of slots differ by one at most.

    Nothing moves between masters that are within `tolerance` percent of the mean, once the others' slots are placed.
    With `only_needed` masters that have slots already neither get more nor give any, but what others must lose or gain.
    """
    counts = {master: len(owned.get(master, ())) for master in masters}
    orphans = [(slot, owner) for owner, slots in owned.items() if owner not in counts for slot in slots]
    goals = _goals(counts, len(orphans), tolerance, only_needed)
    pool = list(orphans)
    for master in masters:
        spare = counts[master] - goals[master]
        if spare > 0:
            pool += [(slot, master) for slot in sorted(owned[master])[-spare:]]
    pool.sort()
    pairs: dict[tuple[str, str], set[int]] = {}
    rest = iter(pool)
    for master in sorted(masters):
        for _place in range(goals[master] - counts[master]):
            slot, owner = next(rest)
            pairs.setdefault((owner, master), set()).add(slot)
    return [Move(source, target, frozenset(slots)) for (source, target), slots in pairs.items()]


def _goals(counts: Mapping[str, int], orphans: int, tolerance: float, only_needed: bool) -> dict[str, int]:
    """How many slots each master has in the end."""
    filled = _filled(counts, orphans)
    base, extra = divmod(sum(filled.values()), len(filled))
    if only_needed:
        return _seated(filled, base)
    if all(abs(count - sum(filled.values()) / len(filled)) <= base * tolerance / 100 for count in filled.values()):
        return filled
    # The odd slots stay where most are.
    ranked = sorted(filled, key=lambda master: (-filled[master], master))
    return {master: base + (rank < extra) for rank, master in enumerate(ranked)}


def _filled(counts: Mapping[str, int], amount: int) -> dict[str, int]:
    """The counts when so many slots were given out, each to whoever has fewest then."""
    heap = [(count, master) for master, count in counts.items()]
    heapq.heapify(heap)
    for _slot in range(amount):
        count, master = heap[0]
        heapq.heapreplace(heap, (count + 1, master))
    return {master: count for count, master in heap}


def _seated(counts: Mapping[str, int], share: int) -> dict[str, int]:
    """The counts when each master without a slot has got its share, slot by slot from whoever has most."""
    goals = {master: count or share for master, count in counts.items()}
    heap = [(-count, master) for master, count in counts.items() if count]
    heapq.heapify(heap)
    for _slot in range(sum(goals.values()) - sum(counts.values())):
        count, master = heap[0]
        heapq.heapreplace(heap, (count + 1, master))
        goals[master] -= 1
    return goals


def balance_weights(
    owned: Mapping[str, frozenset[int]],
    masters: Sequence[str],
    weights: Mapping[int, float],
    tolerance: float,
    uncertainty: float = 0,
) -> list[Move]:
    """Moves after which the masters' weights are within `tolerance` percent of the mean, as far as slots allow.

    The heaviest slots go first, so that few go. `weights` has every slot that somebody owns, none of them 0. Where all
    masters have slots, and weights within `uncertainty` of the mean, they count as balanced.
    """
    loads = {master: sum(weights[slot] for slot in owned.get(master, ())) for master in masters}
    orphans = [(weights[slot], slot, owner) for owner, slots in owned.items() if owner not in loads for slot in slots]
    pairs: dict[tuple[str, str], set[int]] = {}
    _hand_out(orphans, loads, pairs)
    mean = sum(loads.values()) / len(loads)
    band = max(mean * tolerance / 100, uncertainty)
    if any(abs(load - mean) > band or not load for load in loads.values()):
        spare: list[tuple[float, int, str]] = []
        for master in masters:
            spare += _spare(master, owned.get(master, frozenset()), weights, loads, mean, tolerance)
        _hand_out(spare, loads, pairs)
    return [Move(source, target, frozenset(slots)) for (source, target), slots in pairs.items()]


def _spare(
    master: str,
    slots: frozenset[int],
    weights: Mapping[int, float],
    loads: dict[str, float],
    mean: float,
    tolerance: float,
) -> Iterator[tuple[float, int, str]]:
    """The heaviest slots of a master above the mean, until it is near the mean, or all of its slots like the next one
    would not bring it there."""
    near = mean * tolerance / 200
    for slot in sorted(slots, key=lambda slot: (-weights[slot], -slot)):
        excess = loads[master] - mean
        if excess <= near or weights[slot] * len(slots) < excess:
            return
        if excess - weights[slot] >= -near:
            loads[master] -= weights[slot]
            yield weights[slot], slot, master


def _hand_out(
    pool: Sequence[tuple[float, int, str]], loads: dict[str, float], pairs: dict[tuple[str, str], set[int]]
) -> None:
    """The heaviest slot first, to whoever has the lightest load then."""
    heap = [(load, master) for master, load in loads.items()]
    heapq.heapify(heap)
    for weight, slot, owner in sorted(pool, key=lambda entry: (-entry[0], entry[1])):
        load, master = heap[0]
        heapq.heapreplace(heap, (load + weight, master))
        loads[master] = load + weight
        if master != owner:
            pairs.setdefault((owner, master), set()).add(slot)
