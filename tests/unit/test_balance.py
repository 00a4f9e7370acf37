"""Slots are shared out with the fewest moves, and none is lost or given twice."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.balance import (
    balance_slots,
    balance_weights,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.batches import (
    Pace,
    batches,
    window_slots,
)

SLOTS = 16384
FEW = settings(max_examples=30)


@st.composite
def owners(draw):
    """Slots of some masters in runs and alone, some of whom leave, and masters without any."""
    count = draw(st.integers(1, 7))
    cuts = sorted(draw(st.lists(st.integers(0, SLOTS), min_size=count - 1, max_size=count - 1)))
    owned = {
        f"m{i}": frozenset(range(a, b)) for i, (a, b) in enumerate(zip([0, *cuts], [*cuts, SLOTS])) if a < b
    }
    leaving = draw(st.sets(st.sampled_from(sorted(owned)), max_size=len(owned) - 1))
    new = [f"n{i}" for i in range(draw(st.integers(0, 4)))]
    return owned, [*sorted(owned.keys() - leaving), *new]


def carried_out(owned, moves):
    """Who owns what after the moves; every move takes from an owner what that has."""
    after = {id: set(slots) for id, slots in owned.items()}
    for move in moves:
        assert move.slots and move.source != move.target
        assert move.slots <= after[move.source]
        after[move.source] -= move.slots
        after.setdefault(move.target, set()).update(move.slots)
    return after


def check_ownership(after, masters):
    assert sum(len(slots) for slots in after.values()) == SLOTS
    assert set().union(*after.values()) == set(range(SLOTS))
    assert not any(slots for id, slots in after.items() if id not in masters)


@FEW
@given(owners())
def test_shares_differ_by_one_at_most_after_the_fewest_moves(case):
    owned, masters = case
    moves = balance_slots(owned, masters)
    after = carried_out(owned, moves)
    check_ownership(after, masters)
    counts = [len(after.get(master, ())) for master in masters]
    assert max(counts) - min(counts) <= 1
    # No plan can do with less than what leaves the leaving ones, and what is above the highest share elsewhere.
    base, extra = divmod(SLOTS, len(masters))
    sizes = sorted((len(owned.get(master, ())) for master in masters), reverse=True)
    surplus = sum(max(0, size - base - (rank < extra)) for rank, size in enumerate(sizes))
    orphans = sum(len(slots) for id, slots in owned.items() if id not in masters)
    assert sum(len(move.slots) for move in moves) == surplus + orphans
    assert balance_slots({id: frozenset(slots) for id, slots in after.items()}, masters) == []


@FEW
@given(owners(), st.sampled_from([5, 20, 90]))
def test_within_the_tolerance_only_the_slots_of_leaving_masters_move(case, tolerance):
    owned, masters = case
    moves = balance_slots(owned, masters, tolerance)
    after = carried_out(owned, moves)
    check_ownership(after, masters)
    mean = SLOTS / len(masters)
    assert all(abs(len(after.get(master, ())) - mean) <= mean * tolerance / 100 + 1 for master in masters)
    exact = balance_slots(owned, masters)
    assert sum(len(move.slots) for move in moves) <= sum(len(move.slots) for move in exact)


@FEW
@given(owners())
def test_without_balance_only_new_and_leaving_masters_matter(case):
    owned, masters = case
    moves = balance_slots(owned, masters, only_needed=True)
    after = carried_out(owned, moves)
    check_ownership(after, masters)
    assert all(after.get(master) for master in masters)
    new = [master for master in masters if master not in owned]
    for move in moves:
        assert move.target in new or move.source not in masters


def test_an_even_share_out_moves_nothing():
    owned = {"a": frozenset(range(5461)), "b": frozenset(range(5461, 10923)), "c": frozenset(range(10923, SLOTS))}
    for options in ({}, {"tolerance": 5}, {"only_needed": True}):
        assert balance_slots(owned, list(owned), **options) == []


def test_a_fourth_master_gets_runs_of_slots():
    owned = {"a": frozenset(range(5461)), "b": frozenset(range(5461, 10923)), "c": frozenset(range(10923, SLOTS))}
    moves = {move.source: move.slots for move in balance_slots(owned, [*owned, "d"])}
    assert moves["a"] == frozenset(range(4096, 5461)) and sum(map(len, moves.values())) == 4096


@FEW
@given(owners(), st.integers(0, 1000))
def test_weights_are_within_the_tolerance_where_slots_are_small(case, seed):
    owned, masters = case
    random = Random(seed)
    weights = {slot: random.uniform(50, 150) for slot in range(SLOTS)}
    moves = balance_weights(owned, masters, weights, 10)
    after = carried_out(owned, moves)
    check_ownership(after, masters)
    loads = [sum(weights[slot] for slot in after.get(master, ())) for master in masters]
    mean = sum(loads) / len(loads)
    assert all(abs(load - mean) <= mean * 0.1 for load in loads)
    surplus = sum(max(0.0, sum(weights[s] for s in owned.get(m, ())) - mean) for m in masters)
    spent = sum(weights[s] for move in moves if move.source in masters for s in move.slots)
    assert spent <= surplus + len(masters) * mean * 0.05
    assert balance_weights({id: frozenset(slots) for id, slots in after.items()}, masters, weights, 10) == []


def test_weights_that_differ_by_less_than_is_known_stay():
    owned = {"a": frozenset(range(100)), "b": frozenset(range(100, 200))}
    weights = {slot: 1.0 for slot in range(200)} | {slot: 50.0 for slot in range(10)}
    assert balance_weights(owned, ["a", "b"], weights, 10, uncertainty=300) == []
    assert balance_weights(owned, ["a", "b"], weights, 10, uncertainty=200) != []
    moves = balance_weights(owned, ["a", "b", "c"], weights, 10, uncertainty=300)
    assert {move.target for move in moves} >= {"c"}, "a master without slots gets its share"


def test_heavy_slots_move_first():
    owned = {"a": frozenset(range(100)), "b": frozenset(range(100, 200))}
    weights = {slot: 1.0 for slot in range(200)} | {slot: 50.0 for slot in range(10)}
    moves = balance_weights(owned, ["a", "b"], weights, 10)
    assert [(move.source, len(move.slots)) for move in moves] == [("a", 5)]


@given(
    st.dictionaries(st.integers(0, 9), st.lists(st.text(min_size=1), unique=True, max_size=30), max_size=5),
    st.integers(1, 20),
    st.integers(1, 5000),
    st.integers(1, 1000),
)
def test_batches_hold_every_key_once_within_their_limits(keys, most_keys, most_bytes, size):
    found = list(batches(keys, Pace(batch_keys=most_keys, batch_bytes=most_bytes), {}, size))
    sent = [(slot, name) for batch, _bytes in found for slot, names in batch.items() for name in names]
    assert sent == [(slot, name) for slot, names in keys.items() for name in names]
    for batch, total in found:
        count = sum(map(len, batch.values()))
        assert 1 <= count <= most_keys and total == count * size
        assert count == 1 or total <= most_bytes


def test_slots_that_weigh_nothing_do_not_move_for_one_that_cannot():
    owned = {"a": frozenset(range(5000)), "b": frozenset(range(5000, 10000)), "c": frozenset(range(10000, SLOTS))}
    weights = {slot: 1.0 for slot in range(SLOTS)} | {0: 500000.0, 1: 500000.0}
    moves = balance_weights(owned, ["a", "b", "c"], weights, 10)
    assert sum(len(move.slots) for move in moves) == 1
    after = {id: frozenset(slots) for id, slots in carried_out(owned, moves).items()}
    assert balance_weights(after, ["a", "b", "c"], weights, 10) == []


def test_a_large_key_goes_alone():
    found = list(batches({1: ["a", "large", "b"]}, Pace(batch_bytes=1000), {"large": 10**9}, 10))
    assert [list(batch.values()) for batch, size in found] == [[["a"]], [["large"]], [["b"]]]


def test_windows_are_small_where_slots_have_many_keys_or_keys_move_slowly():
    assert window_slots(0, Pace(), 64, 4000) == 64
    assert window_slots(400, Pace(), 64, 4000) == 10
    assert window_slots(1e6, Pace(), 64, 4000) == 1
    assert window_slots(20, Pace(keys_per_second=100), 64, 4000) == 5
