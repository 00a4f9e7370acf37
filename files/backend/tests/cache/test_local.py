"""The level in this process: its bounds, its order, its ends."""

from __future__ import annotations

import math
import random

from omnimind_backend.cache.local import OVERHEAD, Entry, Local


def entry(size: int = 1, end: float = math.inf) -> Entry:
    return Entry(b"x" * size, end, math.inf)


def test_the_least_recently_used_is_given_up_first() -> None:
    local = Local(2, 10_000)
    local.put("a", entry())
    local.put("b", entry())
    assert local.get("a", 0.0)
    local.put("c", entry())
    assert [key for key in "abc" if local.get(key, 0.0)] == ["a", "c"]


def test_bytes_are_bounded_too() -> None:
    local = Local(100, 3 * (OVERHEAD + 101))
    for key in "abcd":
        local.put(key, entry(100))
    assert [key for key in "abcd" if local.get(key, 0.0)] == ["b", "c", "d"]
    local.put("e", entry(10_000))
    assert len(local) == 3, "an entry that does not fit at all pushes nobody out"
    local.put("b", entry(10_000))
    assert local.get("b", 0.0) is None, "but its predecessor is old"


def test_an_entry_ends_at_its_end_and_not_after() -> None:
    local = Local(2, 10_000)
    local.put("a", entry(end=5.0))
    assert local.get("a", 4.999)
    assert local.get("a", 5.0) is None
    assert (len(local), local.bytes) == (0, 0)


def test_nothing_is_kept_with_no_entries() -> None:
    local = Local(0, 10_000)
    local.put("a", entry())
    assert (len(local), local.bytes) == (0, 0)


def test_clearing_a_prefix_leaves_the_others() -> None:
    local = Local(10, 10_000)
    for key in ("a:1", "a:2", "b:1"):
        local.put(key, entry())
    local.clear("a:")
    assert [key for key in ("a:1", "a:2", "b:1") if local.get(key, 0.0)] == ["b:1"]


def test_the_bytes_are_those_of_the_entries_whatever_happens() -> None:
    chance = random.Random(1)
    local = Local(20, 20_000)
    held: dict[str, int] = {}
    for _turn in range(3000):
        key = str(chance.randrange(40))
        if chance.random() < 0.7:
            local.put(key, entry(chance.randrange(2000)))
        else:
            local.forget(key)
        held = {k: len(e.value) for k in map(str, range(40)) if (e := local._entries.get(k))}
        assert local.bytes == sum(size + len(k) + OVERHEAD for k, size in held.items()) <= 20_000
        assert len(local) == len(held) <= 20
    assert held
