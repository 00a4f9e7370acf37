"""Hash slots: keys, ranges as text, even shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import crc
from unit.core import slots

sets_of_slots = st.frozensets(st.integers(0, 16383), max_size=60)


@pytest.mark.parametrize(
    ("key", "slot"),
    [
        ("", 0),
        ("123456789", 0x31C3),  # the check value of CRC16/XMODEM
        ("foo", 12182),
        ("{user1000}.following", 3443),
        ("user1000", 3443),
        ("foo{}{bar}", 8363),  # an empty tag is none: the whole key counts
        ("foo{{bar}}zap", 4015),  # the tag is "{bar"
        ("{bar", 4015),
        ("foo{bar}{zap}", 5061),
        ("bar", 5061),
        ("ключ", 10303),
    ],
)
def test_slot_of_known_keys(key: str, slot: int) -> None:
    assert slots.key_slot(key) == slots.key_slot(key.encode()) == slot


@given(st.one_of(st.binary(max_size=40), st.text("{}ab", max_size=12).map(str.encode)))
def test_every_key_has_the_slot_that_clients_compute(key: bytes) -> None:
    assert slots.key_slot(key) == crc.key_slot(key)


@given(sets_of_slots)
def test_slots_written_as_text_are_read_back(some: frozenset[int]) -> None:
    text = slots.format_slots(some)
    assert slots.parse_slots(text) == slots.parse_slots(text.replace(",", " ")) == some


@given(sets_of_slots)
def test_ranges_are_sorted_and_never_touch(some: frozenset[int]) -> None:
    found = slots.ranges(some)
    assert all(first <= last for first, last in found)
    assert all(one[1] + 1 < other[0] for one, other in zip(found, found[1:]))


def test_text_of_slots_is_short() -> None:
    assert slots.format_slots([7000, 2, 1, 0]) == "0-2,7000"
    assert slots.format_slots([]) == ""


@pytest.mark.parametrize("text", ["16384", "0-16384", "5-3", "-1", "1-2-3", "a", "1..3", "5-"])
def test_text_that_is_no_slot_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        slots.parse_slots(text)


@given(sets_of_slots, st.integers(1, 12))
def test_even_shares_are_all_slots_once_and_differ_by_one(some: frozenset[int], parts: int) -> None:
    shares = slots.share_evenly(some, parts)
    assert len(shares) == parts
    assert [slot for share in shares for slot in share] == sorted(some)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
