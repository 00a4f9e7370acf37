# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many keys are sent at once: a server answers nobody else meanwhile."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """How fast keys may move.

    Args:
        batch_keys: sent at once, at most.
        batch_bytes: sent at once, at most; one key that is larger goes alone.
        keys_per_second: of all servers together; 0 for no limit.
        bytes_per_second: of all servers together; 0 for no limit.
        move_timeout: seconds that a server may wait for another while it sends a batch.
    """

    batch_keys: int = 100
    batch_bytes: int = 1 << 20
    keys_per_second: float = 0
    bytes_per_second: float = 0
    move_timeout: float = 10.0


def batches(
    keys: Mapping[int, Sequence[str]], pace: Pace, sizes: Mapping[str, int], usual_size: float
) -> Iterator[tuple[dict[int, list[str]], float]]:
    """The keys of slots in batches, each by slot, with the bytes it has. `usual_size` is that of all other keys."""
    batch: dict[int, list[str]] = {}
    count, size = 0, 0.0
    for slot, names in keys.items():
        for name in names:
            weight = sizes.get(name, usual_size)
            if count and (count >= pace.batch_keys or size + weight > pace.batch_bytes):
                yield batch, size
                batch, count, size = {}, 0, 0.0
            batch.setdefault(slot, []).append(name)
            count += 1
            size += weight
    if count:
        yield batch, size


def window_slots(keys_per_slot: float, pace: Pace, most_slots: int, most_keys: int) -> int:
    """How many slots are opened together: few where they have many keys, or when keys move slowly, as clients of an
    open slot are sent from one server to the other."""
    allowed = min(most_keys, pace.keys_per_second or most_keys)
    return max(1, min(most_slots, int(allowed / max(keys_per_slot, 0.001))))
