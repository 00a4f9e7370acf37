# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hash slots: which slot a key has, slot ranges as text, slots shared out evenly.

A slot is an int from 0 to 16383. Source: the Redis Cluster specification, "Key distribution model".
"""
from __future__ import annotations

import binascii
from collections.abc import Iterable
from functools import lru_cache

SLOTS = 16384


def key_slot(key: str | bytes) -> int:
    """The slot of a key: CRC16 (XMODEM) of its hash tag, or of the whole key, modulo 16384."""
    data = key.encode() if isinstance(key, str) else key
    opening = data.find(b"{")
    if opening >= 0:
        closing = data.find(b"}", opening + 1)
        if closing > opening + 1:
            data = data[opening + 1 : closing]
    return binascii.crc_hqx(data, 0) % SLOTS


def ranges(slots: Iterable[int]) -> list[tuple[int, int]]:
    """Slots as sorted, inclusive, non-touching ranges: {1, 2, 3, 7} is [(1, 3), (7, 7)]."""
    found: list[tuple[int, int]] = []
    for slot in sorted(slots):
        if found and slot == found[-1][1] + 1:
            found[-1] = (found[-1][0], slot)
        else:
            found.append((slot, slot))
    return found


def format_slots(slots: Iterable[int]) -> str:
    """Slots as text a person reads: "0-5460,7000"; the empty text for none."""
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges(slots))


@lru_cache(maxsize=1024)  # a hundred nodes repeat the same few texts
def parse_slots(text: str) -> frozenset[int]:
    """The slots of a text with ranges parted by commas or blanks, as in CLUSTER NODES.

    Raises ValueError for anything else, or a slot outside 0 to 16383.
    """
    found: set[int] = set()
    for part in text.replace(",", " ").split():
        first, dash, last = part.partition("-")
        start, end = int(first), int(last if dash else first)
        if not 0 <= start <= end < SLOTS:
            raise ValueError(f"{part!r} is not a slot range within 0-{SLOTS - 1}")
        found.update(range(start, end + 1))
    return frozenset(found)


def share_evenly(slots: Iterable[int], parts: int) -> list[tuple[int, ...]]:
    """The slots in order, cut into `parts` runs whose sizes differ by one at most."""
    ordered = sorted(slots)
    cuts = [i * len(ordered) // parts for i in range(parts + 1)]
    return [tuple(ordered[a:b]) for a, b in zip(cuts, cuts[1:])]
